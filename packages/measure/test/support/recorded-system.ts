import type { System } from '../../src/machine/system.ts'

/** A system made of recorded texts: path (or `sysctl:name`) to text. Folders are what the paths imply. */
export function recordedSystem(platform: string, texts: Readonly<Record<string, string>>): System {
  const paths = Object.keys(texts)
  return {
    platform,
    readText: (path) => texts[path]?.trim() ?? null,
    exists: (path) => paths.some((known) => known === path || known.startsWith(`${path}/`)),
    list: (path) => [
      ...new Set(
        paths.filter((known) => known.startsWith(`${path}/`)).map((known) => known.slice(path.length + 1).split('/')[0]!),
      ),
    ],
    sysctl: (name) => texts[`sysctl:${name}`]?.trim() ?? null,
  }
}
