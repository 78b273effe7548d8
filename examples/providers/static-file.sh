#!/bin/sh
# A provider (docs/providers.md) for a service that accepts what is a line of a file. The endpoint is the path of the
# file; beside it, FILE.held says which version each secret was set to, and FILE.gone which were revoked. Two values are
# accepted at a time.
#
# Values with a quote, a backslash or a control character are refused, since a shell reads no JSON.
set -eu
umask 077

answer() {
    printf '%s\n' "$1"
    exit 0
}

refuse() {
    answer "{\"ok\":false,\"error\":\"$1\",\"why\":\"$2\"}"
}

request=$(cat)

# A quote inside a text is escaped, so these match no text of a value.
text() {
    printf '%s\n' "$request" | sed -n "s/.*\"$1\":\"\([^\"\\\\]*\)\".*/\1/p"
}

# The id (1) or the value (2) of a version.
version() {
    printf '%s\n' "$request" |
        sed -n "s/.*\"$1\":{\"id\":\"\([^\"\\\\]*\)\",\"value\":\"\([^\"\\\\]*\)\"}.*/\\$2/p"
}

verb=$(text verb)
if [ "$verb" = describe ]; then
    answer '{"ok":true,"contract":1,"verbs":["describe","set","test","validate","revoke"],"holds":2,"fences":true}'
fi

file=$(text endpoint)
case $file in
    /*) ;;
    *) refuse refused 'the endpoint is no path' ;;
esac
secret=$(text secret)
id=$(version credential 1)
value=$(version credential 2)
base=$(version base 1)
[ -n "$value" ] || refuse refused 'there is no value, or one that this script does not take'

# One at a time: what is compared is what is replaced.
if command -v flock >/dev/null; then
    exec 9>"$file.lock"
    flock -w 20 9 || exit 75
else
    tries=0
    until mkdir "$file.locked" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || exit 75
        sleep 1
    done
    trap 'rmdir "$file.locked"' EXIT
fi
touch "$file" "$file.held" "$file.gone"

# Values are read from a pipe: arguments of a program are seen by others.
accepted() {
    printf '%s\n' "$value" | grep -Fqxf - "$file"
}

# Lines are SECRET VERSION THE_ONE_BEFORE.
held() {
    while read -r name current before; do
        if [ "$name" = "$secret" ]; then
            if [ "$1" = current ]; then printf '%s\n' "$current"; else printf '%s\n' "$before"; fi
        fi
    done <"$file.held"
}

hold() {
    while read -r name rest; do
        [ "$name" = "$secret" ] || printf '%s %s\n' "$name" "$rest"
    done <"$file.held" >"$file.new"
    [ -z "$1" ] || printf '%s %s %s\n' "$secret" "$1" "$2" >>"$file.new"
    mv "$file.new" "$file.held"
}

is_gone() {
    grep -Fqx -e "$secret $id" "$file.gone"
}

set_it() {
    current=$(held current)
    case $request in
        *'"forced":true}'*)
            { grep -Fvx -e "$secret $id" "$file.gone" || true; } >"$file.new"
            mv "$file.new" "$file.gone"
            ;;
        # Whoever slept while it was given up would bring back what nobody revokes any more.
        *) if is_gone; then refuse fenced 'the version was revoked'; fi
            case $current in
                '' | "$id" | "$base") ;;
                *) refuse fenced 'the file was set to another version' ;;
            esac ;;
    esac
    if ! accepted; then
        [ "$(grep -c . "$file")" -lt 2 ] || refuse refused 'two values are accepted already'
        { cat "$file" && printf '%s\n' "$value"; } >"$file.new"
        mv "$file.new" "$file"
    fi
    [ "$current" = "$id" ] || hold "$id" "$current"
    answer '{"ok":true}'
}

revoke_it() {
    is_gone || printf '%s %s\n' "$secret" "$id" >>"$file.gone"
    { printf '%s\n' "$value" | grep -Fvxf - "$file" || true; } >"$file.new"
    mv "$file.new" "$file"
    # A rotation that was aborted: the next one begins on what was there before it.
    if [ "$(held current)" = "$id" ]; then hold "$(held before)" ''; fi
    answer '{"ok":true}'
}

case $verb in
    set) set_it ;;
    test | validate)
        if accepted; then state=active; else state=inactive; fi
        answer "{\"ok\":true,\"state\":\"$state\",\"time\":$(date +%s)}"
        ;;
    revoke) revoke_it ;;
    *) refuse refused "there is no $verb" ;;
esac
