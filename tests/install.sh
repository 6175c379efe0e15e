#!/bin/sh
# install: reads lines `MODE FILE FOLDER [NAME]`, puts each file there (below
# DESTDIR) under its own name or that one, and keeps a list of the files and folders it made in
# DATADIR/installed.  uninstall removes what that list names: a folder that
# was there before, or that holds what others put there, stays.
set -eu

list=$DESTDIR$DATADIR/installed

# Makes a folder and those above it; names the ones that were not there.
make_folder()
{
	[ ! -d "$1" ] || return 0
	make_folder "$(dirname "$1")"
	mkdir "$1"
	echo "$1"
}

case $1 in
install)
	new=$(mktemp)
	trap 'rm -f "$new"' EXIT
	[ ! -f "$list" ] || cat "$list" >"$new"
	[ -z "$DESTDIR" ] || mkdir -p "$DESTDIR"
	make_folder "$DESTDIR$DATADIR" >>"$new"
	while read -r mode file folder name; do
		to=$DESTDIR$folder/${name:-${file##*/}}
		make_folder "$DESTDIR$folder" >>"$new"
		install -m "$mode" "$file" "$to"
		echo "$to" >>"$new"
	done
	# Paths are kept without DESTDIR: a package is unpacked elsewhere.
	sed "s|^$DESTDIR||" "$new" | LC_ALL=C sort -u >"$list"
	chmod 644 "$list"
	;;
uninstall)
	if [ ! -f "$list" ]; then
		echo "uninstall: nothing is installed in $DESTDIR$DATADIR" >&2
		exit 0
	fi
	# Longest first, so that a folder comes after what is in it.
	files=$(LC_ALL=C sort -r "$list")
	rm -f "$list"
	printf '%s\n' "$files" | while read -r path; do
		path=$DESTDIR$path
		if [ -d "$path" ]; then
			rmdir --ignore-fail-on-non-empty "$path"
		else
			rm -f "$path"
		fi
	done
	;;
esac
