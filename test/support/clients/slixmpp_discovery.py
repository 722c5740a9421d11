"""Logs in, shows its capabilities, and finds out what the server is and can do.

Arguments: port, JID, password. What is found is told line by line.
"""

import asyncio
import ssl
import sys

import slixmpp


class Discovery(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        # The server's certificate is one that it signed itself.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        for plugin in ("xep_0030", "xep_0050", "xep_0092", "xep_0115", "xep_0199", "xep_0202"):
            self.register_plugin(plugin)
        self["xep_0030"].add_feature("urn:test:slixmpp+notify")
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("failed_all_auth", lambda _: tell("no login"))
        self.add_event_handler("disconnected", lambda _: self.loop.stop())

    async def started(self, _):
        server = self.boundjid.domain
        await self["xep_0115"].update_caps()
        info = await self["xep_0030"].get_info(jid=server)
        tell(f"identities {sorted((i[0], i[1]) for i in info['disco_info']['identities'])}")
        tell(f"features {' '.join(sorted(info['disco_info']['features']))}")
        tell(f"verified {await self.has_verified(server)}")
        commands = await self["xep_0050"].get_commands(jid=server)
        tell(f"commands {' '.join(item[1] for item in commands['disco_items']['items'])}")
        answer = await self["xep_0050"].send_command(server, "ping")
        tell(f"command {answer['command']['status']}")
        version = await self["xep_0092"].get_version(jid=server)
        tell(f"software {version['software_version']['name']}")
        time = await self["xep_0202"].get_entity_time(server)
        # Its own reading of times stumbles over the Z that XEP-0082 asks for.
        tell(f"time {time['entity_time'].xml.findtext('{urn:xmpp:time}utc')}")
        await self["xep_0199"].ping(server)
        tell(f"done {self.boundjid.full}")
        # Until the one who started us has seen enough.
        await asyncio.get_event_loop().run_in_executor(None, sys.stdin.readline)
        self.disconnect()

    async def has_verified(self, server):
        """Whether the hash in the stream features was found true, which it is asked about on the side."""
        for _ in range(100):
            caps = await self["xep_0115"].get_caps(jid=server)
            if caps is not None and "urn:xmpp:ping" in caps["features"]:
                return True
            await asyncio.sleep(0.1)
        return False


def tell(line):
    print(line, flush=True)


port, jid, password = sys.argv[1:]
client = Discovery(jid, password)
client.connect(address=("127.0.0.1", int(port)))
asyncio.get_event_loop().run_forever()
