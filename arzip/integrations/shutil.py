"""shutil: the archive format `arztar`, a tar file within an .arz file.

arzip.register()
shutil.make_archive("backup", "arztar", root_dir="folder")      # backup.tar.arz
shutil.unpack_archive("backup.tar.arz", "elsewhere")
"""

import os
import shutil
import tarfile
from typing import Any

import arzip

__all__ = ["make", "register", "unpack"]

NAME, SUFFIX = "arztar", ".tar.arz"


def register() -> None:
    """Add the format to shutil. May be called again."""
    shutil.register_archive_format(NAME, make, description="arzip'ed tar-file")
    if NAME not in (known[0] for known in shutil.get_unpack_formats()):
        shutil.register_unpack_format(NAME, [SUFFIX], unpack, description="arzip'ed tar-file")


def make(
    base_name: str,
    base_dir: str,
    *,
    root_dir: str | None = None,
    owner: str | None = None,
    group: str | None = None,
    dry_run: bool = False,
    logger: Any = None,
    **options: Any,
) -> str:
    """Write base_name.tar.arz with all that is in base_dir; return its name.

    The arguments are those of shutil. Names in the archive are relative to root_dir. All members
    belong to `owner` and `group` if these are given. Raises OSError, and ValueError for an unknown
    owner or group.
    """
    name = base_name + SUFFIX
    if logger is not None:
        logger.info("creating %s", name)
    if dry_run:
        return name
    owners = _owners(owner, group)

    def give(member: tarfile.TarInfo) -> tarfile.TarInfo:
        for field, value in owners.items():
            setattr(member, field, value)
        return member

    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    source = base_dir if root_dir is None else os.path.join(root_dir, base_dir)
    with (
        arzip.open(name, "wb", **options) as file,
        tarfile.open(fileobj=file, mode="w|") as archive,
    ):
        archive.name = os.path.abspath(name)  # so that it is not packed into itself
        archive.add(source, base_dir, filter=give)
    return name


# So shutil does not change this process's directory.
make.supports_root_dir = True  # type: ignore[attr-defined]


def _owners(owner: str | None, group: str | None) -> dict[str, str | int]:
    """Return the fields of a tar member that name its owner and group, if they are to change."""
    owners: dict[str, str | int] = {}
    try:
        if owner is not None:
            import pwd

            owners |= {"uname": owner, "uid": pwd.getpwnam(owner).pw_uid}
        if group is not None:
            import grp

            owners |= {"gname": group, "gid": grp.getgrnam(group).gr_gid}
    except KeyError as error:
        raise ValueError(str(error)) from None
    return owners


def unpack(filename: str, extract_dir: str, *, filter: Any = "data", **options: Any) -> None:
    """Unpack filename into extract_dir; by default nothing gets outside of it.

    `filter` is that of tarfile. Raises shutil.ReadError if it is not such an archive, OSError.
    """
    try:
        with (
            arzip.open(filename, "rb", **options) as file,
            tarfile.open(fileobj=file, mode="r|") as archive,
        ):
            archive.extractall(extract_dir, filter=filter)  # nosec B202
    except (arzip.ArzipError, tarfile.ReadError) as error:
        raise shutil.ReadError(f"{filename} is not an arzip'ed tar file: {error}") from error
