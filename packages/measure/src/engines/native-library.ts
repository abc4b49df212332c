// Where a runtime's shared library is, of all the ways in which people have it: a folder that is named, the runtime of an npm package, a
// Python wheel, an archive, the system's own folders. Nothing is run.
import fs from 'node:fs'
import path from 'node:path'
import { knownHome } from '../machine/folders.ts'
import { thisSystem } from '../machine/system.ts'
import type { ShippedLibrary } from './types.ts'

export type FoundLibrary =
  | { readonly ok: true; readonly file: string; readonly from: string }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

/** A library, and how it comes to a machine. */
export interface NativeLibrary {
  /** 'OpenVINO'. */
  readonly title: string
  /** The option and the environment variable that name its folder, a folder around it, or the file. */
  readonly flag: string
  readonly variable: string
  /** Its file, by platform: what matches, and how it is called in a sentence. */
  readonly files: Readonly<Partial<Record<NodeJS.Platform, readonly [pattern: RegExp, name: string]>>>
  /** Its folder among the packages of a Python. */
  readonly wheel: string
  /** Its folders under a named one, in addition to that itself and Pythons'. */
  readonly below: readonly string[]
  /** The environment variable that its own scripts set to its folder. */
  readonly home?: string
  /** Where it was looked for, in words, and how it is got. */
  readonly places: string
  readonly install: string
}

/** What finding it reads of the world. */
export interface LibraryEnvironment {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** null: the user has none. */
  readonly home: string | null
  /** The runtime's folder of an npm package; null if there is none. */
  readonly nodeRuntime: string | null
  /** What tells the system's linker of more folders: ld.so.conf(5). */
  readonly linkerFolder: string
}

export const libraryEnvironment = (nodeRuntime: string | null = null): LibraryEnvironment => ({
  platform: process.platform,
  env: process.env,
  home: knownHome(),
  nodeRuntime,
  linkerFolder: '/etc/ld.so.conf.d',
})

const SYSTEM_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib64',
  '/usr/local/lib',
  '/opt/homebrew/lib',
]

interface Named {
  /** The folder that the option names. */
  readonly folder: string | undefined
  /** A Python interpreter, or its environment's folder. */
  readonly python: string | undefined
}

/** What tells a shipped folder where the library is that the engine found: it is elsewhere, and may have other packages around it. */
export function placeForShipping(variable: string, found: FoundLibrary): ShippedLibrary['place'] {
  return found.ok ? { variable, file: found.file } : { variable }
}

/**
 * The first place that has it. A folder that was named for it is not passed over in silence; a Python that was named, for whatever reason, is
 * one place more.
 */
export function findNativeLibrary(library: NativeLibrary, { folder, python }: Named, world: LibraryEnvironment): FoundLibrary {
  const { title, flag, variable, install, files } = library
  const inPython = folder === undefined && python !== undefined ? sitePackages(library, pythonAt(python, world)) : []
  const inThat = libraryIn(library, inPython, world)
  if (inThat) return foundAt(inThat)
  const named = [
    [flag, folder],
    [variable, world.env[variable] || undefined],
  ] as const
  for (const [said, given] of named) {
    if (given === undefined) continue
    const file = libraryIn(library, below(library, path.resolve(given)), world)
    if (file) return foundAt(file)
    const name = (files[world.platform] ?? files.linux)![1]
    return { ok: false, reason: `${said} ${given}: no ${title} library (${name}) is there`, fix: install }
  }
  const file = libraryIn(library, usualFolders(library, world), world)
  if (file) return foundAt(file)
  const also = python === undefined ? '' : `in --python ${python}, `
  return { ok: false, reason: `${title} was not found ${also}${library.places}`, fix: install }
}

const foundAt = (file: string): FoundLibrary => ({ ok: true, file, from: path.dirname(file) })

function usualFolders(library: NativeLibrary, world: LibraryEnvironment): string[] {
  const { env, nodeRuntime } = world
  const lists = [env.LD_LIBRARY_PATH, env.DYLD_LIBRARY_PATH, world.platform === 'win32' ? env.PATH : undefined]
  const home = library.home === undefined ? undefined : env[library.home]
  return [
    ...(nodeRuntime === null ? [] : below(library, nodeRuntime)),
    ...[env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? sitePackages(library, prefix) : [])),
    ...pythonsOnPath(world).flatMap((python) => sitePackages(library, python)),
    ...(home ? below(library, home) : []),
    ...(world.home === null ? [] : sitesIn(library, path.join(world.home, '.local/lib'))),
    ...lists.flatMap((list) => list?.split(path.delimiter).filter(Boolean) ?? []),
    ...(world.platform === 'win32' ? [] : [...linkerFolders(world.linkerFolder), ...SYSTEM_FOLDERS]),
  ]
}

/** Folders that the system's linker is configured with, in addition to its own. */
const linkerFolders = (configuration: string): string[] =>
  thisSystem
    .list(configuration)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .flatMap((name) => thisSystem.readText(path.join(configuration, name))?.split('\n') ?? [])
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'))

/** A library that is named is taken as it is: the system says what is wrong with it. */
const below = (library: NativeLibrary, named: string): string[] =>
  isFile(named) ? [named] : [...['', ...library.below].map((name) => path.join(named, name)), ...sitePackages(library, named)]

/** Site-packages of an interpreter, or of the environment that the interpreter's folder is in. */
function sitePackages(library: NativeLibrary, python: string): string[] {
  const folder = path.dirname(python)
  // On Windows only an environment's interpreter is in a folder of its own.
  const prefixes = isFile(python) ? [path.dirname(folder), folder, ...prefixOfLink(python)] : [python]
  return [...new Set(prefixes)].flatMap((prefix) => [
    path.join(prefix, 'Lib/site-packages', library.wheel),
    ...sitesIn(library, path.join(prefix, 'lib')),
    ...sitesIn(library, path.join(prefix, 'local/lib')),
  ])
}

/** The prefix that an interpreter links to. An environment's interpreter is a link, too, but does not see the packages there. */
function prefixOfLink(python: string): string[] {
  const prefix = path.dirname(path.dirname(python))
  return isFile(path.join(prefix, 'pyvenv.cfg')) ? [] : [path.dirname(path.dirname(fs.realpathSync(python)))]
}

/** lib/python3.12/site-packages, the newest first; dist-packages is Debian's. */
function sitesIn({ wheel }: NativeLibrary, lib: string): string[] {
  const pythons = thisSystem.list(lib).filter((name) => /^python3(\.\d+)?$/.test(name))
  const newest = pythons.sort((a, b) => Number(b.split('.')[1] ?? 0) - Number(a.split('.')[1] ?? 0))
  return newest.flatMap((name) => ['site-packages', 'dist-packages'].map((packages) => path.join(lib, name, packages, wheel)))
}

/** A command is looked up on the path, as a shell does. */
function pythonAt(named: string, world: LibraryEnvironment): string {
  if (/[\\/]/.test(named) || fs.existsSync(named)) return path.resolve(named)
  const file = world.platform === 'win32' && !named.endsWith('.exe') ? `${named}.exe` : named
  const found = foldersOfPath(world).find((folder) => isFile(path.join(folder, file)))
  return found === undefined ? path.resolve(named) : path.join(found, file)
}

const foldersOfPath = ({ env }: LibraryEnvironment): string[] => env.PATH?.split(path.delimiter).filter(Boolean) ?? []

function pythonsOnPath(world: LibraryEnvironment): string[] {
  const names = world.platform === 'win32' ? ['python.exe'] : ['python3', 'python']
  return foldersOfPath(world).flatMap((folder) =>
    names
      .map((name) => path.join(folder, name))
      .filter(isFile)
      .slice(0, 1),
  )
}

/** A place is a folder, or the library itself. */
function libraryIn({ files }: NativeLibrary, places: readonly string[], { platform }: LibraryEnvironment): string | null {
  const pattern = files[platform]?.[0]
  if (pattern === undefined) return null
  for (const place of places) {
    if (isFile(place)) return place
    // Of several versions the newest; a plain name is a link to one of them.
    const [newest] = thisSystem
      .list(place)
      .filter((name) => pattern.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    if (newest !== undefined) return path.join(place, newest)
  }
  return null
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}
