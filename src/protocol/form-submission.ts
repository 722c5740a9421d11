/** A submitted data form held against the form that was offered (XEP-0004 section 4). */
import { type DataForm, type FieldType, type FormField, parseBoolean } from './data-form.js';
import { Jid } from './jid.js';

export interface FormProblem {
  /** The field's name. */
  readonly field: string;
  /** A sentence for people; fit for the `<text/>` of a not-acceptable error. */
  readonly reason: string;
}

const single: ReadonlySet<FieldType> = new Set<FieldType>([
  'boolean',
  'jid-single',
  'list-single',
  'text-private',
  'text-single',
]);

/** The answers to a form, each of the type that the form asked for. Fields that the form does not have are left out. */
export class FormSubmission {
  readonly problems: readonly FormProblem[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>, problems: readonly FormProblem[]) {
    this.#values = values;
    this.problems = problems;
  }

  /** The types of fields are taken from `offered`, never from the submission. */
  static check(offered: DataForm, submitted: DataForm): FormSubmission {
    const values = new Map<string, readonly string[]>();
    const problems: FormProblem[] = [];
    const formType = submitted.formType;
    if (formType !== undefined && offered.formType !== undefined && formType !== offered.formType) {
      problems.push({ field: 'FORM_TYPE', reason: `the form is of the type ${offered.formType}` });
    }
    for (const field of offered.fields) {
      if (field.name === undefined || field.type === 'fixed' || field.name === 'FORM_TYPE') continue;
      const answers = submitted.fields.filter((answer) => answer.name === field.name);
      const given = answers[0]?.values;
      const reason = answers.length > 1 ? 'the field is there twice' : problemOf(field, given);
      if (reason !== undefined) problems.push({ field: field.name, reason });
      else if (given !== undefined) values.set(field.name, given);
    }
    return new FormSubmission(values, problems);
  }

  get isValid(): boolean {
    return this.problems.length === 0;
  }

  /** Sections 3.5 and 3.6: a field that was left out keeps its value; one that is here without a value gives it up. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Of a field of one value; `undefined` when there is none. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The values of a text-multi field joined to one text. */
  lines(name: string): string | undefined {
    return this.#values.get(name)?.join('\n');
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseBoolean(text);
  }

  jid(name: string): Jid | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Jid.parse(text);
  }

  /** Section 3.3: addresses that come twice count once. */
  jids(name: string): Jid[] {
    const unique = new Map<string, Jid>();
    for (const text of this.list(name)) {
      const jid = Jid.parse(text);
      if (jid) unique.set(jid.toString(), jid);
    }
    return [...unique.values()];
  }
}

function problemOf(field: FormField, given: readonly string[] | undefined): string | undefined {
  const values = given?.filter((value) => value !== '') ?? [];
  if (values.length === 0) return field.required ? 'a value is required' : undefined;
  const type = field.type ?? 'text-single';
  if (single.has(type) && given!.length > 1) return 'only one value is allowed';
  switch (type) {
    case 'boolean':
      return parseBoolean(values[0]!) === undefined ? 'the value must be true or false' : undefined;
    case 'jid-single':
    case 'jid-multi':
      return values.every((value) => Jid.parse(value)) ? undefined : 'the value must be a valid address';
    case 'list-single':
    case 'list-multi':
      return values.every((value) => field.options?.some((option) => option.value === value))
        ? undefined
        : 'the value must be one of the options';
    default:
      return undefined;
  }
}
