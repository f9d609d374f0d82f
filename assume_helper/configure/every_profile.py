"""`configure --all`: which profiles get the helper, or lose it, and why the others are left."""

from collections.abc import Callable, Mapping

from assume_helper.configure import change, consequences, editor, own_kind
from assume_helper.configure.change import Change, Loaded
from assume_helper.configure.editor import ACCESS_KEY_KEYS, Edit
from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.light import replace
from assume_helper.profiles import aws_config, helper_command, role_chain
from assume_helper.text import printable


def add_helper(loaded: Loaded, environ: Mapping[str, str], *, fastest: bool | None) -> Change:
    """The change that adds the helper to every profile that can be served and that SDKs would use it for.

    Raises ConfigurationError where the file cannot be edited at all.
    """
    edits: dict[str, Edit] = {}
    left: dict[str, str] = {}
    for name in loaded.config.profiles:
        try:
            found = _edit_or_reason(loaded, environ, name, fastest=fastest)
        except AssumeHelperError as error:
            found = str(error)
        if isinstance(found, Edit):
            edits[name] = found
        else:
            left[name] = found
    refused = editor.refused(loaded.file.text, edits.values())
    left |= {name: str(error) for name, error in refused.items()}
    edits = {name: each for name, each in edits.items() if name not in refused}
    while edits:
        after = change.edited(loaded, environ, list(edits.values()))[1]
        failed = {}
        for name in edits:
            try:
                role_chain.read_profile(after, environ, name)
            except AssumeHelperError as error:
                failed[name] = str(error)
        if not failed:
            break
        left |= failed
        edits = {name: each for name, each in edits.items() if name not in failed}
    in_order = {name: left[name] for name in loaded.config.profiles if name in left}
    return change.add_helper(loaded, environ, list(edits.values()), left=in_order)


def _edit_or_reason(loaded: Loaded, environ: Mapping[str, str], name: str, *, fastest: bool | None) -> Edit | str:
    """The edit of a profile, or why it is left. Raises AssumeHelperError, which says why, too."""
    config = loaded.config
    present = change.read(loaded, environ, name, {})
    made = change.edit(loaded, present, {}, fastest=fastest)
    if present.kind is None and not present.is_pair:
        return "it has neither a role nor credentials"
    role_chain.read_profile(config, environ, name)
    keys = consequences.in_credentials(config, name)
    if keys:
        path = printable(config.credentials_path)
        return (
            f"{path} has its {', '.join(keys)}, which SDKs use; move them to {aws_config.section_title(config, name)}"
        )
    values = config.config_profiles.get(name, {})
    bare = [k for k in values if editor.is_for_the_helper(k) or (made.moves_access_key and k in ACCESS_KEY_KEYS)]
    is_set_up = present.ours is not None and (present.is_pair or present.ours.is_for(name)) and not bare
    if is_set_up and (fastest is None or made.command == values.get("credential_process")):
        return "it goes through the helper already"
    return made


def remove_helper(
    loaded: Loaded, environ: Mapping[str, str], *, looking_at: Callable[[str], None] = editor.ignore
) -> Change:
    """The change that takes back the last `add_helper`, where that was the last change; to the byte.

    Else it removes the helper from every profile that has something of its own to be used in its place. One that only
    asks the helper for another profile was not made by `add_helper`, and would be left empty: SDKs would take whatever
    else they find on the machine for it. Raises ConfigurationError.
    """
    before = _before(loaded, environ)
    if before is not None:
        return change.to_text(loaded, environ, before)
    names, left = [], {}
    for name, values in loaded.config.config_profiles.items():
        if helper_command.parse(values.get("credential_process")) is None:
            continue
        looking_at(name)
        try:
            is_empty = own_kind.own_kind(loaded.config, name) is None
        except ConfigurationError:  # what is wrong with it was so before, and is no reason to keep the helper
            is_empty = False
        if is_empty:
            left[name] = "it has nothing but the helper; name it to remove that"
        else:
            names.append(name)
    return change.remove_helper(loaded, environ, names, left=left, looking_at=looking_at)


def _before(loaded: Loaded, environ: Mapping[str, str]) -> str | None:
    """The text before `add_helper`, where that made what is there now; None where the backup does not say it.

    A profile that went through the helper before is as it was then: it was not changed.
    """
    file = loaded.file
    try:
        data = aws_config.read_bytes(file.backup, "AWS_CONFIG_FILE")
        text = aws_config.decode(data, file.backup)
        backup = Loaded(replace(file, data=data), aws_config.load(environ, text))
        made = (add_helper(backup, environ, fastest=fastest).text for fastest in (None, True))
        return text if text != file.text and file.text in made else None
    except AssumeHelperError:
        return None
