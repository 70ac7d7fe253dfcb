"""The shape of a lab file, as pydantic checks it and `virtualpytest lab schema` prints it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pytest_virtualpytest.config import spans
from pytest_virtualpytest.config.records import LANGUAGE, LOCAL, TIMEOUT


def _name(word: str) -> str:
    if word.startswith("-") or not word or any(map(str.isspace, word)) or "/" in word:
        raise ValueError("a name has no blanks, no '/', and no '-' in front")
    return word


def _gateway(word: str) -> str:
    kind, equals, address = word.partition("=")
    if kind not in {"popen", "ssh"} or (kind == "ssh") != bool(equals):
        raise ValueError(f"{word!r} is refused; use 'popen' or 'ssh=user@machine'")
    user, _, machine = address.rpartition("@")
    if equals and (not machine or any(part.startswith("-") for part in (user, machine)) or re.search(r"\s", address)):
        raise ValueError(f"{address!r} is refused: a name has no blanks and no '-' in front")
    return word


def _once(words: list[str]) -> list[str]:
    for word in words:
        if words.count(word) > 1:
            raise ValueError(f"{word!r} is there twice")
    return words


def _function(word: str) -> str:
    if not re.fullmatch(r"[\w.]+:\w+", word):
        raise ValueError(f"{word!r} names no function; write 'package.module:function'")
    return word


def _span(value: Any) -> Any:
    return spans.seconds(value) if isinstance(value, str) else value


def _variable(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*", word):
        raise ValueError("a variable's name has letters, digits and '_' only")
    return word


def _language(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\+[A-Za-z0-9_-]+)*", word):
        raise ValueError(f"{word!r} is no language; write 'eng', or 'eng+deu'")
    return word


def _size(word: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]iB", word):
        raise ValueError(f"{word!r} is no size; write one such as '500 MiB' or '2 GiB'")
    return word


Name = Annotated[str, AfterValidator(_name)]
Words = Annotated[list[str], AfterValidator(_once)]
Gives = Annotated[list[str], Field(min_length=1), AfterValidator(_once)]
Language = Annotated[str, AfterValidator(_language)]
Size = Annotated[str, AfterValidator(_size)]
Seconds = Annotated[float, Field(gt=0)]
Patience = Annotated[float, Field(ge=0, lt=1e9)]
Span = Annotated[Seconds, BeforeValidator(_span, json_schema_input_type=float | str)]
Variable = Annotated[str, AfterValidator(_variable)]


class Table(BaseModel):
    """A table of the lab file: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Host(Table):
    """A machine with devices attached."""

    gateway: Annotated[str, AfterValidator(_gateway)] = Field("popen", description="popen, or ssh=user@machine")
    python: str | None = Field(None, description="the Python there, perhaps with words before it")
    ssh_config: str | None = Field(None, description="an ssh configuration file")
    captures_quota: Size = Field("2 GiB", description="what its kept captures may take; the oldest go first")


class Ready(Table):
    """What a device shows when it is ready for a test, and what to do where it is not."""

    check: str = Field(description="a picture, looked up beside the lab file")
    recover: list[str] = Field([], description="keys, power.on, power.off, power.cycle; in turn")
    timeout: Seconds | None = None


class Monitor(Table):
    """After how many seconds `virtualpytest monitor` counts what is wrong with a device; 0 is never."""

    black: Patience | None = None
    frozen: Patience | None = None
    silent: Patience | None = None
    lost: Patience | None = None


class Controller(Table):
    """A controller with its settings; the table's name says which, unless `controller` does."""

    model_config = ConfigDict(extra="allow")

    controller: str | None = None
    gives: Gives | None = None


class Device(Table):
    """The thing under test; every table in it is a controller."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Controller] = Field(init=False)

    host: str = LOCAL
    kind: Name | None = Field(None, description="stb, tv, mobile, desktop, or a word of the lab's own")
    model: str | None = None
    tags: Words = []
    variant: Words = Field([], description="picks reference pictures: banner.WORD.png before banner.png")
    lang: Language | None = Field(None, description="what text on its screen is read as; default: the lab's")
    ready: Ready | None = None
    monitor: Monitor | None = None
    screens: str | None = Field(None, description="its screen map")
    virtual: str | None = Field(None, description="a virtual device of this kind, instead of controllers")
    resources: Words = Field([], description="what else it holds, such as an account")


class Choice(Table):
    """Which devices."""

    kind: str | None = None
    model: str | None = None
    name: str | None = None
    tags: Words = []
    needs: Words = []


class Campaign(Table):
    """A named choice of tests, devices and policy."""

    tests: list[str] = Field([], description="files and folders, from the lab file's folder; else as pytest finds them")
    markers: str = Field("", description="as pytest's -m")
    keyword: str = Field("", description="as pytest's -k")
    devices: Choice = Choice()
    each: Literal["any", "device", "model"] = "any"
    order: Literal["longest", "file"] = Field("longest", description="which of several tests goes first")
    budget: Span | None = Field(None, description="seconds, or 30m, 2h: the longest tests that fit are run")
    deadline: Seconds | None = Field(None, description="seconds that a test may take where it says nothing")
    reruns: int = Field(0, ge=0, description="how often a failed test is tried again")
    provision: Annotated[str, AfterValidator(_function)] | None = Field(
        None, description="package.module:function, called with each device before its first test"
    )
    environment: dict[Variable, str] = Field({}, description="environment variables of the run")
    evidence: Literal["always", "failure", "never"] | None = Field(None, description="when evidence is kept")
    results: str | None = Field(None, description="the folder for Allure results; default: allure-results/NAME")


class Lab(Table):
    """A lab file."""

    timeout: Seconds = Field(TIMEOUT, description="seconds that a wait may take where a test says nothing")
    timeout_scale: Seconds = Field(1.0, description="every wait is multiplied by this")
    deadline: Seconds | None = Field(None, description="seconds that a test may take where it says nothing")
    lang: Language = Field(LANGUAGE, description="what text on a screen is read as: Tesseract's eng, deu, eng+rus")
    hosts: dict[Name, Host] = {}
    devices: dict[Name, Device] = {}
    campaigns: dict[Name, Campaign] = {}
