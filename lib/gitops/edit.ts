import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { EncodedObject, ObjectFormat, TreeEntry } from '../core/git/objects.ts';
import { decodeTree, encodeObject, encodeTree, kindOf, MODE, nameToText, textToName } from '../core/git/objects.ts';
import type { TreeSource } from './walk.ts';

/** The part of a change in one folder: files by name, and folders below. */
interface FolderEdit {
  readonly files: Map<string, string | null>;
  readonly folders: Map<string, FolderEdit>;
}

export interface EditedTree {
  /** The new root; an empty tree if nothing is left. */
  readonly root: string;
  /** All objects that the new root needs and the old one may not have. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Ids of new folders by path, without the folders below them. */
  readonly newFolders: ReadonlyMap<string, string>;
}

/** Applies a change to a tree; reads and writes only the folders on the way to the changed paths. */
export async function editTree(
  format: ObjectFormat,
  source: TreeSource,
  root: string | null,
  change: ChangeSet,
): Promise<EditedTree> {
  const objects = new Map<string, Buffer>();
  const newFolders = new Map<string, string>();
  const store = ({ oid, data }: EncodedObject): string => {
    objects.set(oid, data);
    return oid;
  };
  const edit = async (oid: string | null, folder: FolderEdit, path: string): Promise<string | null> => {
    const entries = oid === null ? new Map<string, TreeEntry>() : decodeTree(format, await source(oid));
    const entry = (name: string) => entries.get(name);
    // Removals, then folders, then files, so that a file can replace a folder and a folder a file.
    for (const [name, content] of folder.files) {
      if (content !== null) continue;
      if (entry(name)?.mode === MODE.folder) throw clash(path + name, 'is a folder, not a file');
      entries.delete(name);
    }
    for (const [name, below] of folder.folders) {
      const existing = entry(name);
      if (existing !== undefined && existing.mode !== MODE.folder)
        throw clash(path + name, `is ${kindOf(existing.mode)}, not a folder`);
      const edited = await edit(existing?.oid ?? null, below, `${path}${name}/`);
      if (edited === null) entries.delete(name);
      else entries.set(name, { mode: MODE.folder, name, oid: edited });
      if (edited !== null && existing === undefined && oid !== null) {
        newFolders.set(nameToText(`${path}${name}`) ?? `${path}${name}`, edited);
      }
    }
    for (const [name, content] of folder.files) {
      if (content === null) continue;
      if (entry(name)?.mode === MODE.folder) throw clash(path + name, 'is a folder, not a file');
      entries.set(name, { mode: MODE.file, name, oid: store(encodeObject(format, 'blob', Buffer.from(content))) });
    }
    // Git has no empty folders; only the root may be empty.
    return entries.size === 0 && path !== '' ? null : store(encodeObject(format, 'tree', encodeTree(entries.values())));
  };
  return { root: (await edit(root, folders(change), ''))!, objects, newFolders };
}

function folders(change: ChangeSet): FolderEdit {
  const root: FolderEdit = { files: new Map(), folders: new Map() };
  for (const [path, content] of change) {
    const parts = path.split('/').map(textToName);
    const name = parts.pop()!;
    let folder = root;
    for (const part of parts) {
      const below = folder.folders.get(part) ?? { files: new Map(), folders: new Map() };
      folder.folders.set(part, below);
      folder = below;
    }
    folder.files.set(name, content);
  }
  return root;
}

function clash(path: string, what: string): GreenroomError {
  return new GreenroomError('failed', `${path} ${what} in the apps repo; remove it by hand and run again`);
}
