/** The configuration of a server that is started without a file. */

export const defaultText = `
[general]
  hosts = ["localhost"]
  default_server_domain = "localhost"
  loglevel = "info"
  # Accounts are made from this machine alone, so there is nothing to slow down.
  registration_timeout = "infinity"

[[listen.c2s]]
  port = 5222
  ip_address = "::"
  access = "c2s"
  tls.mode = "starttls"
  tls.certificate = "automatic"
  tls.verify_mode = "none"

# For browsers and other programs on this machine: a page to begin with, what it connects to, and the other ways in.
[[listen.http]]
  port = 5280
  ip_address = "127.0.0.1"
  protocol.compress = true
  [[listen.http.handlers.meerkat_web_client]]
  [[listen.http.handlers.mongoose_websocket_handler]]
    host = "_"
    path = "/ws-xmpp"
    ping_rate = 30_000
    timeout = 90_000
    # Whoever speaks from this machine may register, and the pages of the whole web are open in its browsers.
    allowed_origins = ["loopback"]
  [[listen.http.handlers.mongoose_bosh_handler]]
    host = "_"
    path = "/http-bind"
    allowed_origins = ["loopback"]
  [[listen.http.handlers.meerkat_host_meta_handler]]
  [[listen.http.handlers.meerkat_health_handler]]
    path = "/health"

[auth.internal]

[acl]
  local = [{}]

[access]
  c2s = [{acl = "all", value = "allow"}]
  max_user_sessions = [{acl = "all", value = 10}]
  max_user_offline_messages = [{acl = "all", value = 100}]
  register = [{acl = "all", value = "allow"}]

[modules.mod_adhoc]
[modules.mod_amp]
[modules.mod_blocking]
[modules.mod_caps]
[modules.mod_carboncopy]
[modules.mod_csi]
  hold = "unimportant"
[modules.mod_disco]
[modules.mod_last]
[modules.mod_mam]
  user_prefs_store = "mnesia"
  [modules.mod_mam.pm]
[modules.mod_offline]
[modules.mod_ping]
[modules.mod_presence]
[modules.mod_privacy]
[modules.mod_private]
[modules.mod_register]
  access = "register"
  ip_access = [
    {address = "127.0.0.0/8", policy = "allow"},
    {address = "::1", policy = "allow"},
    {address = "0.0.0.0/0", policy = "deny"},
    {address = "::/0", policy = "deny"}
  ]
[modules.mod_roster]
  versioning = true
[modules.mod_stream_management]
[modules.mod_sic]
[modules.mod_time]
[modules.mod_vcard]
  search = false
[modules.mod_version]
`;
