-- Prosody as it is compared: the modules that the other two serve as well, and nothing else.
-- Words between @ and @ are filled in when the server is started. Options: https://prosody.im/doc/configure
-- and https://prosody.im/doc/modules.

-- Everything that it writes stays in a folder of this run.
data_path = "@directory@"
pidfile = "@directory@/prosody.pid"
installer_plugin_path = "@directory@/plugins"
certificates = "@directory@"

-- https://prosody.im/doc/network_backend: epoll, which is the default since 0.12 and what its authors recommend.
network_backend = "epoll"
-- Logins come in storms; the default backlog is 128 (https://prosody.im/doc/advanced_network).
network_settings = { tcp_backlog = 4096 }
-- https://prosody.im/doc/advanced_gc: the incremental collector with its default pace is what is recommended, and so nothing is set.

interfaces = { "127.0.0.1" }
c2s_ports = { @plainPort@ }
c2s_direct_tls_ports = { @tlsPort@ }
-- https://prosody.im/doc/ports: no other service listens.
s2s_ports = { }
http_ports = { }
https_ports = { }

-- Plain runs have no TLS; the default is to insist on it (https://prosody.im/doc/modules/mod_saslauth).
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

-- What all three can do: the default, over plain files, which is the default as well (https://prosody.im/doc/storage).
authentication = "internal_hashed"
storage = "internal"
-- As many as ejabberd, which has no option for it; the default is 10000 (https://prosody.im/doc/modules/mod_auth_internal_hashed).
default_iteration_count = 4096
-- The generator registers its accounts itself; without throttling, which is off unless set (https://prosody.im/doc/modules/mod_register_limits).
allow_registration = true

-- mod_limits slows clients down and is not loaded: that is protection, not capacity. No statistics, and of the log what goes wrong.
log = { warn = "@directory@/prosody.log" }

modules_enabled = {
	-- Contacts and presence
	"roster";
	"saslauth";
	"tls";
	-- Messages: copies for other devices, acknowledgements; those for the absent are kept by mod_offline, which is always loaded
	"carbons";
	"smacks";
	-- The small ones
	"disco";
	"lastactivity";
	"ping";
	"private";
	"register";
	"time";
	"vcard";
	"version";
}

-- No federation is measured.
modules_disabled = { "s2s" }

VirtualHost "localhost"
@ssl@
