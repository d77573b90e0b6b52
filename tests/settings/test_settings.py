"""Settings: where they come from, what is refused, and what the operator reads when it is."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.errors import Invalid
from outdial.settings import Settings, load, unknown_variables


def faults_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        load(environ)
    return [fault.message for fault in caught.value.faults]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"OUTDIAL_HOME": str(tmp_path)}


class TestWhereASettingComesFrom:
    def test_defaults_need_nothing_but_a_home(self) -> None:
        settings = load({"HOME": "/home/ada"})

        assert settings.home == Path("/home/ada/.outdial")
        assert settings.database_url == "sqlite:////home/ada/.outdial/outdial.db"
        assert settings.recordings_dir == Path("/home/ada/.outdial/recordings")
        assert settings.public_url == "http://127.0.0.1:8600"

    def test_the_file_under_home_is_read(self, tmp_path: Path, environ: dict[str, str]) -> None:
        (tmp_path / "outdial.yaml").write_text("http_port: 9000\nwebhook_allowed_networks: [10.0.0.0/8]\n")

        settings = load(environ)

        assert settings.http_port == 9000
        assert settings.webhook_allowed_networks == (ip_network("10.0.0.0/8"),)

    def test_another_file_can_be_named(self, tmp_path: Path) -> None:
        (tmp_path / "mine.yaml").write_text(f"home: {tmp_path}/state\n")

        assert load({"OUTDIAL_SETTINGS_FILE": f"{tmp_path}/mine.yaml"}).home == tmp_path / "state"

    def test_the_environment_wins_over_the_file(self, tmp_path: Path, environ: dict[str, str]) -> None:
        (tmp_path / "outdial.yaml").write_text("http_port: 9000\nlog_level: debug\n")

        settings = load(environ | {"OUTDIAL_HTTP_PORT": "9100"})

        assert (settings.http_port, settings.log_level) == (9100, "debug")

    def test_an_empty_variable_counts_as_unset(self, environ: dict[str, str]) -> None:
        assert load(environ | {"OUTDIAL_HTTP_PORT": ""}).http_port == 8600

    def test_an_empty_file_changes_nothing(self, tmp_path: Path, environ: dict[str, str]) -> None:
        (tmp_path / "outdial.yaml").write_text("# nothing yet\n")

        assert load(environ) == Settings(home=tmp_path)

    def test_a_tilde_is_the_home_of_the_environment_handed_in(self, tmp_path: Path) -> None:
        (tmp_path / "models").mkdir()

        settings = load({"HOME": str(tmp_path), "OUTDIAL_MODELS_DIR": "~/models"})

        assert settings.models_dir == tmp_path / "models"


class TestValuesInTheEnvironment:
    def test_lists_are_separated_by_commas(self, environ: dict[str, str]) -> None:
        settings = load(environ | {"OUTDIAL_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8, ::1/128"})

        assert settings.webhook_allowed_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))

    def test_mappings_are_json(self, environ: dict[str, str]) -> None:
        settings = load(environ | {"OUTDIAL_LIVEKIT_STT_OPTIONS": '{"model": "nova-3"}'})

        assert settings.livekit_stt_options == {"model": "nova-3"}

    @pytest.mark.parametrize(
        ("given", "used"),
        [
            ("sqlite:////data/o.db", "sqlite:////data/o.db"),
            ("sqlite+aiosqlite:////data/o.db", "sqlite:////data/o.db"),
            ("postgres://u:p@db/o", "postgresql+asyncpg://u:p@db/o"),
            ("postgresql+asyncpg://u:p@db/o", "postgresql+asyncpg://u:p@db/o"),
        ],
    )
    def test_a_database_url_may_leave_the_driver_out(self, environ: dict[str, str], given: str, used: str) -> None:
        assert load(environ | {"OUTDIAL_DATABASE_URL": given}).database_url == used

    @pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:8600"), ("::1", "http://[::1]:8600")])
    def test_the_public_address_follows_the_listener(self, environ: dict[str, str], host: str, url: str) -> None:
        assert load(environ | {"OUTDIAL_HTTP_HOST": host}).public_url == url

    @given(port=st.integers())
    def test_a_port_is_a_port(self, port: int) -> None:
        environ = {"OUTDIAL_HOME": "/nowhere", "OUTDIAL_HTTP_PORT": str(port)}

        if 0 <= port <= 65535:
            assert load(environ).http_port == port
        else:
            assert faults_of(environ)[0].startswith("OUTDIAL_HTTP_PORT: ")


class TestANodeWithoutMediaWorkers:
    def test_is_allowed(self, environ: dict[str, str]) -> None:
        assert load(environ | {"OUTDIAL_MEDIA_WORKERS": "0"}).media_workers == 0


class TestWhatIsRefused:
    def test_a_lease_too_short_to_be_renewed_in(self, environ: dict[str, str]) -> None:
        assert faults_of(environ | {"OUTDIAL_LEASE_S": "0.5"})[0].startswith("OUTDIAL_LEASE_S: ")

    def test_each_fault_is_one_line_that_names_its_variable(self, environ: dict[str, str]) -> None:
        messages = faults_of(environ | {"OUTDIAL_HTTP_PORT": "eighty", "OUTDIAL_LOG_LEVEL": "loud"})

        assert [message.split(":")[0] for message in messages] == ["OUTDIAL_LOG_LEVEL", "OUTDIAL_HTTP_PORT"]
        assert "(got 'eighty')" in messages[1]
        assert not any("\n" in message for message in messages)

    def test_a_fault_in_the_file_names_the_file(self, tmp_path: Path, environ: dict[str, str]) -> None:
        (tmp_path / "outdial.yaml").write_text("http_port: 70000\n")

        assert faults_of(environ)[0].startswith(f"http_port in {tmp_path}/outdial.yaml: ")

    def test_an_unknown_name_in_the_file_is_named(self, tmp_path: Path, environ: dict[str, str]) -> None:
        (tmp_path / "outdial.yaml").write_text("htpp_port: 8600\n")

        assert faults_of(environ) == [f"htpp_port in {tmp_path}/outdial.yaml: there is no such setting"]

    @pytest.mark.parametrize("content", ["http_port: [", "- 8600", "just words"])
    def test_a_file_that_holds_no_settings(self, tmp_path: Path, environ: dict[str, str], content: str) -> None:
        (tmp_path / "outdial.yaml").write_text(content)

        [message] = faults_of(environ)

        assert message.startswith(f"{tmp_path}/outdial.yaml: ")
        assert "\n" not in message

    def test_a_file_asked_for_must_exist(self, tmp_path: Path, environ: dict[str, str]) -> None:
        [message] = faults_of(environ | {"OUTDIAL_SETTINGS_FILE": f"{tmp_path}/gone.yaml"})

        assert message == f"{tmp_path}/gone.yaml: cannot be read: No such file or directory"

    def test_no_home_at_all(self) -> None:
        assert faults_of({}) == ["OUTDIAL_HOME: set it: without HOME there is no default folder"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "mysql://root:hunter2@db/o"),
            ("LIVEKIT_STT_OPTIONS", '{"api_key": "hunter2"'),
        ],
    )
    def test_a_value_that_may_hold_a_password_is_not_shown(
        self, environ: dict[str, str], name: str, value: str
    ) -> None:
        [message] = faults_of(environ | {f"OUTDIAL_{name}": value})

        assert message.startswith(f"OUTDIAL_{name}: ")
        assert "hunter2" not in message

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.1/8"),
            ("WEBHOOK_ALLOWED_NETWORKS", "example.test"),
            ("RTP_PORT_LAST", "9999"),
            ("SIP_CA_FILE", "/nowhere/ca.pem"),
            ("MODELS_DIR", "/nowhere"),
            ("PUBLIC_URL", "calls.example.test"),
            ("CHAT_BASE_URL", "ftp://models.example.test"),
            ("CALLS_PER_WORKER", "257"),
            ("RING_TIMEOUT_S", "nan"),
            ("LIVEKIT_TTS_OPTIONS", "[1]"),
        ],
    )
    def test_a_value_that_cannot_work(self, environ: dict[str, str], name: str, value: str) -> None:
        [message] = faults_of(environ | {f"OUTDIAL_{name}": value})

        assert message.startswith(f"OUTDIAL_{name}: ")

    def test_too_few_sound_ports_for_the_calls_allowed(self, environ: dict[str, str]) -> None:
        narrow = environ | {"OUTDIAL_RTP_PORT_FIRST": "20000", "OUTDIAL_RTP_PORT_LAST": "20099"}

        [message] = faults_of(narrow)

        assert "carry 50 calls" in message
        assert load(narrow | {"OUTDIAL_CALLS_PER_WORKER": "50"}).rtp_port_last == 20099

    @pytest.mark.parametrize(("port", "refused"), [(5061, False), (5062, True), (5065, True), (5066, False)])
    def test_the_simulated_network_on_a_port_of_the_media_workers(
        self, environ: dict[str, str], port: int, refused: bool
    ) -> None:
        environ |= {"OUTDIAL_SIP_PORT": "5062", "OUTDIAL_MEDIA_WORKERS": "2", "OUTDIAL_SIMULATOR_SIP_PORT": str(port)}

        if not refused:
            assert load(environ).simulator_sip_port == port
            return
        (fault,) = faults_of(environ)
        assert "OUTDIAL_SIMULATOR_SIP_PORT" in fault
        assert "media workers take 5062 to 5065" in fault

    def test_livekit_needs_a_plug_in_for_each_direction(self, environ: dict[str, str]) -> None:
        messages = faults_of(environ | {"OUTDIAL_SPEECH": "livekit", "OUTDIAL_LIVEKIT_TTS": "elevenlabs"})

        assert [message.split(":")[0] for message in messages] == ["OUTDIAL_LIVEKIT_STT"]


class TestSecrets:
    def test_settings_can_be_printed_without_showing_one(self, environ: dict[str, str]) -> None:
        settings = load(
            environ
            | {
                "OUTDIAL_CHAT_API_KEY": "hunter2",
                "OUTDIAL_DATABASE_URL": "postgresql://ada:hunter2@db/outdial",
                "OUTDIAL_LIVEKIT_STT_OPTIONS": '{"api_key": "hunter2"}',
            }
        )

        assert "hunter2" not in repr(settings)
        assert settings.chat_api_key.get_secret_value() == "hunter2"


class TestVariablesThatAreNoSettings:
    def test_are_named_and_do_not_stop_the_start(self, environ: dict[str, str]) -> None:
        surroundings = environ | {"OUTDIAL_PORT": "tcp://10.0.0.7:8600", "OUTDIAL_SETTINGS_FILE": "", "PATH": "/bin"}

        assert load(surroundings).http_port == 8600
        assert unknown_variables(surroundings) == ["OUTDIAL_PORT"]


class TestTheAddressSipUses:
    @pytest.mark.parametrize("address", ["sip.example.test", "::1", "127.0.0.300"])
    def test_must_be_an_ipv4_address(self, address: str, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="OUTDIAL_SIP_HOST: write it as an IPv4 address"):
            load({"OUTDIAL_HOME": str(tmp_path), "OUTDIAL_SIP_HOST": address})
