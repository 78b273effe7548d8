"""What the readable copies of a file say, if chain and log are followed."""

from . import history as closed_history
from . import recent
from .errors import Refused
from .file import records
from .fold import fold
from .log import Graph, standing
from .policy import chain_of


def active_of(file, history=None):
    """{full name: the ids of the active versions}, of the secrets that have any; refuses what does not hold. Of a
    secret that reaches behind a checkpoint the file alone says nothing, and what it calls active stays; `history` is
    what lies beside it."""
    _, log = records(file)
    chain = chain_of(tuple(file.policy))
    if file.closed and closed_history.is_there(chain, history or {}):
        _, log = closed_history.whole(file, log, chain, history)
    elif file.closed:
        found = recent.read(file, log, chain)
        stated = {secret.name: secret.active for secret in file.secrets.values() if secret.name in found.behind}
        return stated | {state.name: state.candidates for state in found.secrets.values()}
    graph = Graph(log, chain)
    return {state.name: state.candidates for state in fold(graph, standing(graph)).values()}


def fix_copies(file, history=None):
    """Sets `vault`, `suite`, `name` and every `active` to what chain and log say, where they say it: for the sample
    vault and the mutants."""
    try:
        chain, active = chain_of(tuple(file.policy)), active_of(file, history)
    except (Refused, KeyError):
        return file
    stated = chain.states[-1].vault
    file.vault, file.suite, file.name = chain.vault, stated["suite"], stated["name"]
    for secret in file.secrets.values():
        secret.say_active(active.get(secret.name, []))
    return file
