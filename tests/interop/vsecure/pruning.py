"""Whose a version is, and who may end it (section 7, "Pruning by itself"). A reader deletes nothing: this is what it tells."""


def author(graph, version):
    """Who stated it, whoever promotes it."""
    return graph.entries[version.source.entry].actor


def may_end(graph, name, op, version):
    """Whether an op on the secret may end a version of it: its author's own, or one by who may delete."""
    actor = graph.entries[op.entry].actor
    return actor == author(graph, version) or graph.chain.states[op.policy].holds(actor, "delete", name)


def ended_by(graph, state, version):
    """The newer versions that may end one, in order."""
    versions = list(state.versions.values())
    return [newer for newer in versions[versions.index(version) + 1:] if may_end(graph, state.name, newer.first, version)]
