/** The ways in which a command can fail that are nobody's bug. */

/** Every code with what it says; the spelling is MongooseIM's where it has one. */
export const commandErrors = {
  cannot_register: 'No authentication method of the domain lets accounts be made.',
  command_not_remote: 'The command runs in the command line itself, not in a server.',
  domain_not_found: 'The domain is not served here.',
  empty_password: 'The password is empty.',
  exists: 'The account exists already.',
  file_not_found: 'The file cannot be read.',
  internal_server_error: 'The server failed; its log says why.',
  invalid_argument: 'An argument does not have its type.',
  invalid_jid: 'The address is not that of an account.',
  invalid_password: 'The password holds characters that SASLprep (RFC 4013) prohibits.',
  invalid_request: 'The request is not of the protocol of the control socket.',
  limit_per_domain_exceeded: 'The domain has as many accounts as `auth.max_users_per_domain` allows.',
  missing_argument: 'A required argument is not given.',
  no_session: 'No session has this address.',
  not_allowed: 'No authentication method of the domain allows the change, or there is no such account.',
  request_too_long: 'The request is longer than the control socket takes.',
  unknown_argument: 'The command has no such argument.',
  unknown_category: 'There is no such category of commands.',
  unknown_command: 'The category has no such command.',
  user_does_not_exist: 'There is no such account.',
  user_not_found: 'There is no such account, or its domain is not served here.',
  wrong_method: 'The hash method is neither `md5` nor `sha`.',
  wrong_res_number: 'The account has no session of this number.',
  wrong_user: 'There is no such account, or its password is not kept in plain text.',
} as const;

export type CommandErrorCode = keyof typeof commandErrors;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: CommandErrorCode;
  /** What it is about, such as the address; never a secret. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: CommandErrorCode, message: string, details: Readonly<Record<string, string | number>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
