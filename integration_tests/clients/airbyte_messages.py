"""Airbyte messages made in this process, and PyAirbyte's private road for writing them.

PyAirbyte chooses `destination_sync_mode` itself and never sets `destination_object_name`. The platform's data
activation does both, so the catalog is fixed here and handed to the method that `Destination.write` ends in.
"""

import json

import airbyte as ab
from airbyte._message_iterators import AirbyteMessageIterator
from airbyte.progress import ProgressTracker
from airbyte.shared.catalog_providers import CatalogProvider
from airbyte.shared.state_writers import NoOpStateWriter
from airbyte.strategies import WriteStrategy
from airbyte_protocol.models import AirbyteMessage, ConfiguredAirbyteCatalog

EMITTED_AT = 1795290302755


class FixedCatalog(CatalogProvider):
    """Keeps its sync modes, whatever the write strategy."""

    def with_write_strategy(self, write_strategy):
        return self


class StateLog(NoOpStateWriter):
    """The states that came back, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[dict] = []

    def _write_state(self, state_message) -> None:
        self.states.append(json.loads(state_message.model_dump_json(exclude_none=True)))


def record(stream: str, **data) -> dict:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": EMITTED_AT}}


def stream_state(stream: str, number: int) -> dict:
    content = {"stream_descriptor": {"name": stream}, "stream_state": {"cursor": number}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": content, "id": number}}


def global_state(stream: str, number: int) -> dict:
    streams = [{"stream_descriptor": {"name": stream}, "stream_state": {"cursor": number}}]
    content = {"shared_state": {"lsn": number}, "stream_states": streams}
    return {"type": "STATE", "state": {"type": "GLOBAL", "global": content, "id": number}}


def complete(stream: str) -> dict:
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    return {
        "type": "TRACE",
        "trace": {"type": "STREAM_STATUS", "emitted_at": EMITTED_AT, "stream_status": status},
    }


def activation(stream: str, mode: str, key: str, *columns: str, object_name: str = "CONTACT") -> dict:
    """A catalog as the platform's mapping form makes it."""
    properties = {name: {"type": ["null", "string"]} for name in (key, *columns)}
    return {
        "streams": [
            {
                "stream": {
                    "name": stream,
                    "json_schema": {"type": "object", "properties": properties},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "incremental",
                "destination_sync_mode": mode,
                "destination_object_name": object_name,
                "primary_key": [[key]],
                "generation_id": 1,
                "minimum_generation_id": 0,
                "sync_id": 42,
            }
        ]
    }


def write(destination: ab.Destination, catalog: dict, messages: list[dict]) -> list[dict]:
    """Writes the messages, and gives the states that came back."""
    provider = FixedCatalog(ConfiguredAirbyteCatalog.model_validate(catalog))
    log = StateLog()
    destination._write_airbyte_message_stream(
        stdin=AirbyteMessageIterator(AirbyteMessage.model_validate(message) for message in messages),
        catalog_provider=provider,
        write_strategy=WriteStrategy.AUTO,
        state_writer=log,
        progress_tracker=ProgressTracker(
            source=None, cache=None, destination=destination, expected_streams=provider.stream_names
        ),
    )
    return log.states
