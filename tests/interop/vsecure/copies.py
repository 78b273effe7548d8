"""Recomputing the readable copies of a file, for the sample vault and the mutants."""

from .errors import Refused
from .file import records
from .fold import fold
from .log import Graph, standing
from .policy import chain_of


def fix_copies(file):
    """Sets `vault`, `suite`, `name` and every `active` to what chain and log say, where they say it."""
    try:
        _, log = records(file)
        chain = chain_of(tuple(file.policy))
        graph = Graph(log, chain)
        secrets = fold(graph, standing(graph))
    except (Refused, KeyError):
        return file
    stated = chain.states[-1].vault
    file.vault, file.suite, file.name = chain.vault, stated["suite"], stated["name"]
    for secret in file.secrets.values():
        state = secrets.get(secret.name)
        secret.active = state.candidates if state else []
    return file
