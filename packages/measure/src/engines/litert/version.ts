// The library tells no version of its own; the wheel that brings it does, by the folder of its metadata.
import fs from 'node:fs'
import path from 'node:path'
import { isVersion } from '@whyslow/graph/version.ts'

const METADATA = /^ai_edge_litert-(\d[^-]*)\.dist-info$/

/** `folder`: the library's. 'of unknown version' where it came otherwise. */
export function versionInFolder(folder: string): string {
  let names: string[] = []
  try {
    names = fs.readdirSync(path.dirname(folder))
  } catch {}
  return names.map((name) => METADATA.exec(name)?.[1]).findLast(isVersion) ?? 'of unknown version'
}
