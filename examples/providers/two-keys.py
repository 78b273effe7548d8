#!/usr/bin/env python3
"""A provider (docs/providers.md) for an HTTP service with two keys at a time, which it makes itself.

The service, at the endpoint, as the administrator (Authorization: Bearer ADMIN):
    GET /keys            {"keys": [{"handle": "…", "label": "…"}]}
    POST /keys           {"label": "…"} -> {"handle": "…", "key": "…"}; 409 where there are two
    DELETE /keys/HANDLE  404 where there is none
and with a key (Authorization: Bearer KEY):
    GET /self            {"handle": "…", "last_used": 1764500000}, or 401

The label of a key is the rotation that it was made for, by which a key is found whose making was not answered.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

DESCRIPTION = {
    "ok": True,
    "contract": 1,
    "verbs": ["describe", "set", "test", "validate", "last_used", "list", "revoke"],
    "makes": "provider",
    "finds": "label",
    "holds": 2,
    "fences": False,
}


class Refused(Exception):
    """Nothing was changed."""


class Again(Exception):
    """Nothing was changed, and it may be different later."""


class Unclear(Exception):
    """Something may have been changed."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A credential goes to the endpoint alone."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def call(asked, method, path, key, body=None):
    """The status, and what the service says. Every failure but a refusal is unclear."""
    url = asked["endpoint"].rstrip("/") + path
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        if error.code in (429, 503):
            raise Again(f"the service answers {error.code}") from None
        if error.code >= 500:
            raise Unclear(f"the service answers {error.code}") from None
        return error.code, {}
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise Again("nothing answers at the endpoint") from None
        raise Unclear("the connection broke") from None
    except (OSError, ValueError):
        raise Unclear("the answer did not arrive whole") from None


def admin(asked, method, path, body=None):
    status, answer = call(asked, method, path, asked["admin"], body)
    if status in (401, 403):
        raise Refused("the service does not know the administrator")
    return status, answer


def listed(asked):
    """The keys that were made for the rotation."""
    _, answer = admin(asked, "GET", "/keys")
    keys = [key for key in answer["keys"] if key["label"] == asked["rotation"]]
    return [{"handle": key["handle"]} for key in keys]


def owner(asked):
    """What the service says of a key; None where it does not accept it."""
    status, answer = call(asked, "GET", "/self", asked["credential"]["value"])
    return answer if status == 200 else None


def set_it(asked):
    if listed(asked):
        # Its value is lost: whoever asks has to revoke it first, by its handle.
        raise Refused("there is a key for this rotation already")
    status, answer = admin(asked, "POST", "/keys", {"label": asked["rotation"]})
    if status == 409:
        raise Refused("there are two keys already")
    if status != 201 or "key" not in answer:
        raise Unclear(f"the service answers {status}")
    return {"value": answer["key"]}


def state(asked):
    return {"state": "active" if owner(asked) else "inactive"}


def last_used(asked):
    return {"last_used": (owner(asked) or {}).get("last_used")}


def revoke(asked):
    handle = asked.get("handle") or (owner(asked) or {}).get("handle")
    if handle is None:
        return {}
    status, _ = admin(asked, "DELETE", "/keys/" + urllib.parse.quote(handle, safe=""))
    if status not in (200, 204, 404):
        raise Unclear(f"the service answers {status}")
    return {}


VERBS = {
    "describe": lambda _: DESCRIPTION,
    "set": set_it,
    "test": state,
    "validate": state,
    "last_used": last_used,
    "list": lambda asked: {"credentials": listed(asked)},
    "revoke": revoke,
}


def answer(asked):
    try:
        verb = VERBS.get(asked["verb"])
        if verb is None:
            raise Refused("there is no such verb")
        return {"ok": True, **verb(asked)}
    except Refused as error:
        return {"ok": False, "error": "refused", "why": str(error)}
    except Again as error:
        return {"ok": False, "error": "again", "why": str(error)}
    except Unclear as error:
        return {"ok": False, "error": "unclear", "why": str(error)}


print(json.dumps(answer(json.load(sys.stdin))))
