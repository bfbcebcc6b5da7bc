"""One visitor of a running app without a browser: speaks what the browser speaks (a web socket of protobuf messages).

visitor = await Visitor.connect("127.0.0.1", 8501)
await visitor.open("Weights")            # seconds until the page's answer is complete
await visitor.press("Fit")
await visitor.type("Text", "a cat")

An answer is complete when the server says that the script has finished; what a browser then needs to draw it is not in
the seconds. Tests use it to be several people at once, the load benchmark to be twenty.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ANSWER_SECONDS = 120.0
FINISHED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}


class Visitor:
    """A session of the app, as one browser tab is.

    Attributes:
        elements: what the last answers drew, path in the page -> element (protobuf).
        errors: texts of the error boxes and exceptions that were drawn.
        seconds: of every answer, in order: (what was done, seconds).
    """

    def __init__(self, socket: ClientConnection, address: str) -> None:
        self.socket, self.address = socket, address
        self.session_id, self.page = "", ""
        self.pages: dict[str, str] = {}
        self.elements: dict[tuple[int, ...], Any] = {}
        self.errors: list[str] = []
        self.seconds: list[tuple[str, float]] = []
        self.received = 0
        self._values: dict[str, Any] = {}  # widget id -> WidgetState
        self._fragments: dict[tuple[int, ...], str] = {}
        self._query = ""
        self._polling: dict[str, None] = {}  # the fragments that ask to be run every second, in order
        self._known: dict[str, ForwardMsg] = {}  # what the browser keeps, so that it is not sent again

    @classmethod
    async def connect(cls, host: str, port: int, query: str = "", resume: str = "") -> Visitor:
        """Open the app as a new tab does, and wait for its first page; `resume`: the session to take up again."""
        address = f"{host}:{port}"
        protocols = ["streamlit"] + (["-", resume] if resume else [])
        socket = await connect(
            f"ws://{address}/_stcore/stream", origin=f"http://{address}", subprotocols=protocols, max_size=None
        )  # type: ignore[arg-type]
        visitor = cls(socket, address)
        visitor._query = query
        await visitor.run("arrive")
        return visitor

    async def close(self) -> None:
        await self.socket.close()

    # -- what a person does ------------------------------------------------------------
    async def open(self, title: str) -> float:
        """Go to a page by its title in the sidebar."""
        self.page = self.pages[title]
        self._polling.clear()
        self.elements.clear()
        return await self.run(title)

    async def press(self, label: str) -> float:
        """Press the button with this label."""
        button, fragment = self._widget("button", label)
        state = BackMsg().rerun_script.widget_states.widgets.add(id=button.id, trigger_value=True)
        return await self.run(label, state, fragment)

    async def type(self, label: str, text: str) -> float:
        """Type into the text input with this label and press Enter."""
        field, fragment = self._widget("text_input", label)
        state = BackMsg().rerun_script.widget_states.widgets.add(id=field.id, string_value=text)
        self._values[field.id] = state
        return await self.run(f"type into {label}", state, fragment)

    async def choose(self, label: str, option: str) -> float:
        """Press one of a row of choices (a segmented control)."""
        group, fragment = self._widget("button_group", label)
        state = BackMsg().rerun_script.widget_states.widgets.add(id=group.id)
        state.string_array_value.data.append(option)
        self._values[group.id] = state
        return await self.run(f"{label}: {option}", state, fragment)

    async def wait_for_jobs(self, seconds: float) -> None:
        """As the browser does, ask every second how the jobs are, until none runs."""
        until = time.monotonic() + seconds
        while self._polling:
            if time.monotonic() > until:
                raise TimeoutError(f"a job ran for more than {seconds:g} s")
            await asyncio.sleep(1.0)
            for fragment in list(self._polling):
                if fragment in self._polling:  # a run of the whole page may have ended it meanwhile
                    await self.run("ask for the jobs", fragment=fragment)
                    await self._drain()

    async def clear_cache(self) -> None:
        """What the developer's menu (and anyone with a socket) can send."""
        await self.socket.send(BackMsg(clear_cache=True).SerializeToString())

    # -- what was drawn ----------------------------------------------------------------
    def texts(self) -> list[str]:
        """Every text, caption, heading and message on the page."""
        said = []
        for element in self.elements.values():
            kind = element.WhichOneof("type")
            body = getattr(getattr(element, kind), "body", "") if kind else ""
            if isinstance(body, str) and body:
                said.append(body)
        return said

    def media(self) -> list[str]:
        """Addresses of the pictures on the page."""
        return [i.url for e in self.elements.values() if e.WhichOneof("type") == "imgs" for i in e.imgs.imgs]

    def fetch(self, url: str) -> bytes:
        """A picture, as the browser fetches it."""
        with urlopen(f"http://{self.address}{url}", timeout=20) as answer:
            return answer.read()

    def _widget(self, kind: str, label: str) -> tuple[Any, str]:
        """The widget and the fragment it belongs to."""
        for path, element in self.elements.items():
            if element.WhichOneof("type") == kind and getattr(element, kind).label == label:
                return getattr(element, kind), self._fragments.get(path, "")
        raise LookupError(f"no {kind} is called {label!r}; there are: {self.labels(kind)}")

    def labels(self, kind: str) -> list[str]:
        """Labels of all widgets of a kind ("button", "text_input", "checkbox" ...)."""
        return [getattr(e, kind).label for e in self.elements.values() if e.WhichOneof("type") == kind]

    # -- the conversation --------------------------------------------------------------
    async def run(self, what: str, state: Any = None, fragment: str = "") -> float:
        """Ask for a run of the page (or of a fragment of it) and read until it has finished; the seconds it took."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self._query, self.page
        asked.fragment_id = fragment
        asked.is_auto_rerun = bool(fragment) and state is None
        asked.cached_message_hashes.extend(self._known)
        asked.context_info.timezone, asked.context_info.locale = "UTC", "en"
        asked.context_info.url = f"http://{self.address}/"
        asked.widget_states.widgets.extend(v for k, v in self._values.items() if state is None or k != state.id)
        if state is not None:
            asked.widget_states.widgets.append(state)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(ANSWER_SECONDS):
            while not await self._read():
                pass
        seconds = time.perf_counter() - start
        self.seconds.append((what, seconds))
        return seconds

    async def _drain(self) -> None:
        """Read the run that the server began by itself (a finished job), if it did."""
        try:
            while True:
                async with asyncio.timeout(0.5):
                    await self._read()
        except TimeoutError:
            return

    async def _read(self) -> bool:
        """One message; True where it ends a run."""
        data = await self.socket.recv()
        self.received += len(data)
        message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
        if message.WhichOneof("type") == "ref_hash":
            kept, metadata = self._known[message.ref_hash], message.metadata
            message = ForwardMsg()
            message.CopyFrom(kept)
            message.metadata.CopyFrom(metadata)
        elif message.metadata.cacheable and message.hash:
            self._known[message.hash] = message
        match message.WhichOneof("type"):
            case "new_session":
                self.session_id = message.new_session.initialize.session_id or self.session_id
                self.page = message.new_session.page_script_hash
                if not message.metadata.run.fragment_ids:
                    self.elements.clear()
                    self._polling.clear()
            case "navigation":
                self.pages = {p.page_name: p.page_script_hash for p in message.navigation.app_pages}
                self.page = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "auto_rerun":
                self._polling[message.auto_rerun.fragment_id] = None
            case "delta":
                self._draw(message)
            case "script_finished":
                return message.script_finished in FINISHED
        return False

    def _draw(self, message: ForwardMsg) -> None:
        path = tuple(message.metadata.delta_path)
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        self.elements[path], self._fragments[path] = element, message.delta.fragment_id
        match element.WhichOneof("type"):
            case "exception":
                self.errors.append(f"{element.exception.type}: {element.exception.message}")
            case "alert" if element.alert.format == element.alert.ERROR:
                self.errors.append(element.alert.body)
