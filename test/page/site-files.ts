import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Paths of the files below a folder that end so, from the folder, with '/'; hidden folders left out. */
export function siteFiles(folder: string, end: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('.'))
}
