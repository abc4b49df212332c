// Where OpenVINO's C library is, of all the ways in which people have it: a folder that is named, the runtime of the npm package
// openvino-node, the Python wheel (openvino/libs), an archive (runtime/lib/intel64), the system's own folders. Nothing is run.
// https://docs.openvino.ai/2026/get-started/install-openvino.html
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findPackage } from '../find-package.ts'
import type { EnginePlaces } from '../types.ts'

export type FoundLibrary =
  | { readonly ok: true; readonly file: string; readonly from: string }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

/** What finding it reads of the world. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** The runtime's folder of the npm package; null where there is none. */
  readonly nodeRuntime: string | null
}

export const INSTALL = 'pip install openvino, or name its folder with --openvino'

const NAMES: Readonly<Partial<Record<NodeJS.Platform, RegExp>>> = {
  linux: /^libopenvino_c\.so(\.\d+)*$/,
  darwin: /^libopenvino_c(\.\d+)*\.dylib$/,
  win32: /^openvino_c\.dll$/,
}
/** Under a folder that someone names: the wheel, a virtual environment, an archive, the npm package. */
const BELOW = [
  '',
  'libs',
  'openvino/libs',
  'lib',
  'bin',
  'runtime/lib/intel64',
  'runtime/lib/aarch64',
  'runtime/lib/arm64/Release',
  'runtime/bin/intel64/Release',
]
const WHEEL = 'openvino/libs'
const SYSTEM_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib64',
  '/usr/local/lib',
  '/opt/homebrew/lib',
]

export const surroundings = (): Surroundings => ({
  platform: process.platform,
  env: process.env,
  home: os.homedir(),
  nodeRuntime: nodeRuntime(),
})

function nodeRuntime(): string | null {
  const found = findPackage('openvino-node', null)
  return found && path.join(found.folder, 'bin')
}

/** The first place that has it. What was named is not passed over in silence. */
export function findLibrary({ openvino, python }: Pick<EnginePlaces, 'openvino' | 'python'>, world: Surroundings): FoundLibrary {
  const { env } = world
  const named: readonly (readonly [said: string, folder: string | undefined, folders: (folder: string) => string[]])[] = [
    ['--openvino', openvino, below],
    ['--python', python, sitePackages],
    ['OPENVINO_LIBRARY', env.OPENVINO_LIBRARY || undefined, below],
  ]
  for (const [said, given, folders] of named) {
    if (given === undefined) continue
    const file = libraryIn(folders(path.resolve(given)), world)
    if (file) return { ok: true, file, from: path.dirname(file) }
    return { ok: false, reason: `${said} ${given}: no OpenVINO library (${nameOn(world)}) is there`, fix: INSTALL }
  }
  const file = libraryIn(usualFolders(world), world)
  if (file) return { ok: true, file, from: path.dirname(file) }
  const where = 'in openvino-node, in the Python of this environment or among the libraries of the system'
  return { ok: false, reason: `OpenVINO was not found ${where}`, fix: INSTALL }
}

function usualFolders(world: Surroundings): string[] {
  const { env, nodeRuntime } = world
  const lists = [env.LD_LIBRARY_PATH, env.DYLD_LIBRARY_PATH, world.platform === 'win32' ? env.PATH : undefined]
  return [
    ...(nodeRuntime === null ? [] : below(nodeRuntime)),
    ...[env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? sitePackages(prefix) : [])),
    ...pythonsOnPath(world).flatMap(sitePackages),
    ...(env.INTEL_OPENVINO_DIR ? below(env.INTEL_OPENVINO_DIR) : []),
    ...sitesIn(path.join(world.home, '.local/lib')),
    ...lists.flatMap((list) => list?.split(path.delimiter).filter(Boolean) ?? []),
    ...(world.platform === 'win32' ? [] : SYSTEM_FOLDERS),
  ]
}

/** A library that is named is taken as it is: the system says what is wrong with it. */
const below = (named: string): string[] =>
  isFile(named) ? [named] : [...BELOW.map((name) => path.join(named, name)), ...sitePackages(named)]

/** Of an interpreter, or of the folder that an environment lies in. */
function sitePackages(python: string): string[] {
  const folder = path.dirname(python)
  // On Windows only an environment's interpreter lies in a folder of its own.
  const prefixes = isFile(python) ? [path.dirname(folder), folder] : [python]
  return prefixes.flatMap((prefix) => [
    path.join(prefix, 'Lib/site-packages', WHEEL),
    ...sitesIn(path.join(prefix, 'lib')),
    ...sitesIn(path.join(prefix, 'local/lib')),
  ])
}

/** lib/python3.12/site-packages, the newest first; dist-packages is Debian's. */
function sitesIn(lib: string): string[] {
  const pythons = namesIn(lib).filter((name) => /^python3(\.\d+)?$/.test(name))
  const newest = pythons.sort((a, b) => Number(b.split('.')[1] ?? 0) - Number(a.split('.')[1] ?? 0))
  return newest.flatMap((name) => ['site-packages', 'dist-packages'].map((packages) => path.join(lib, name, packages, WHEEL)))
}

function pythonsOnPath({ env, platform }: Surroundings): string[] {
  const names = platform === 'win32' ? ['python.exe'] : ['python3', 'python']
  const folders = env.PATH?.split(path.delimiter).filter(Boolean) ?? []
  return folders.flatMap((folder) =>
    names
      .map((name) => path.join(folder, name))
      .filter(isFile)
      .slice(0, 1),
  )
}

/** A place is a folder, or the library itself. */
function libraryIn(places: readonly string[], { platform }: Surroundings): string | null {
  const pattern = NAMES[platform]
  if (pattern === undefined) return null
  for (const place of places) {
    if (isFile(place)) return place
    // Of several versions the newest; a plain name is a link to one of them.
    const [newest] = namesIn(place)
      .filter((name) => pattern.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    if (newest !== undefined) return path.join(place, newest)
  }
  return null
}

const nameOn = ({ platform }: Surroundings): string =>
  platform === 'win32' ? 'openvino_c.dll' : platform === 'darwin' ? 'libopenvino_c.dylib' : 'libopenvino_c.so'

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return []
  }
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}
