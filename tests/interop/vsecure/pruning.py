"""Whose a version is, and who may end it (section 7, "Pruning by itself"). A reader deletes nothing: this is what it tells."""

from .log import ends_at

DELETE = (("delete",),)


def author(graph, version):
    """Who stated it, whoever promotes it."""
    return graph.entries[version.source.entry].actor


def may_end(graph, standing, op, version):
    """Whether a counting op may end a version: its author's own, or one that would count if it took `delete` as well."""
    entry = graph.entries[op.entry]
    return entry.actor == author(graph, version) or _could_delete(graph, standing, entry, op.op)


def _could_delete(graph, standing, entry, op):
    """At its position and, as far as that matters, later: who lost the right could else name the policy from before."""
    allowed, ended = ends_at(graph, entry, op, DELETE, graph.policy_position(entry), standing.known)
    return allowed and ended is None


def ended_by(graph, standing, state, version):
    """The newer versions that may end one, in order."""
    versions = list(state.versions.values())
    return [newer for newer in versions[versions.index(version) + 1:] if may_end(graph, standing, newer.first, version)]
