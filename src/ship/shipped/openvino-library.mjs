// Where OpenVINO's C library is: OPENVINO_LIBRARY, the npm package openvino-node, the Python wheel of the active environment or of the
// Python on the path, the system's own folders.
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'

const PATTERN = {
  linux: /^libopenvino_c\.so(\.\d+)*$/,
  darwin: /^libopenvino_c(\.\d+)*\.dylib$/,
  win32: /^openvino_c\.dll$/,
}[process.platform]
const NAME = { darwin: 'libopenvino_c.dylib', win32: 'openvino_c.dll' }[process.platform] ?? 'libopenvino_c.so'
const WHEEL = 'openvino/libs'
const BELOW = ['', 'libs', WHEEL, 'lib', 'bin', 'runtime/lib/intel64', 'runtime/lib/aarch64', 'runtime/lib/arm64/Release']
const SYSTEM = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((name) => `/usr/lib/${name}`)
const SYSTEM_FOLDERS = [...SYSTEM, '/usr/lib64', '/usr/lib', '/usr/local/lib64', '/usr/local/lib', '/opt/homebrew/lib']

/** The library's file. Throws an Error of one line, with `install`, where there is none. */
export function findLibrary(install, env = process.env) {
  const named = env.OPENVINO_LIBRARY
  const file = libraryIn(named ? below(path.resolve(named)) : usualFolders(env))
  if (file !== null) return file
  const where = named
    ? `in OPENVINO_LIBRARY (${named})`
    : 'in openvino-node, in the Python of this environment or among the libraries of the system'
  throw new Error(`OpenVINO's library (${NAME}) was not found ${where}: ${install}`)
}

function usualFolders(env) {
  const windows = process.platform === 'win32'
  const lists = [env.LD_LIBRARY_PATH, env.DYLD_LIBRARY_PATH, windows ? env.PATH : undefined]
  return [
    ...nodeRuntime(),
    ...[env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? sitePackages(prefix) : [])),
    ...pythonsOnPath(env).flatMap(sitePackages),
    ...(env.INTEL_OPENVINO_DIR ? below(env.INTEL_OPENVINO_DIR) : []),
    ...sitesIn(path.join(homedir(), '.local/lib')),
    ...lists.flatMap((list) => list?.split(path.delimiter).filter(Boolean) ?? []),
    ...(windows ? [] : SYSTEM_FOLDERS),
  ]
}

function nodeRuntime() {
  try {
    const entry = createRequire(import.meta.url).resolve('openvino-node')
    const root = entry.slice(0, entry.lastIndexOf('openvino-node') + 'openvino-node'.length)
    return below(path.join(root, 'bin'))
  } catch {
    return []
  }
}

const below = (named) =>
  isFile(named)
    ? [named]
    : [...BELOW.map((name) => path.join(named, name)), path.join(named, 'runtime/bin/intel64/Release'), ...sitePackages(named)]

/** Of an interpreter, or of the folder that an environment lies in. */
function sitePackages(python) {
  const folder = path.dirname(python)
  const prefixes = isFile(python) ? [path.dirname(folder), folder] : [python]
  return prefixes.flatMap((prefix) => [
    path.join(prefix, 'Lib/site-packages', WHEEL),
    ...sitesIn(path.join(prefix, 'lib')),
    ...sitesIn(path.join(prefix, 'local/lib')),
  ])
}

/** lib/python3.12/site-packages, the newest first; dist-packages is Debian's. */
function sitesIn(lib) {
  const pythons = namesIn(lib).filter((name) => /^python3(\.\d+)?$/.test(name))
  const newest = pythons.sort((a, b) => Number(b.split('.')[1] ?? 0) - Number(a.split('.')[1] ?? 0))
  return newest.flatMap((name) => ['site-packages', 'dist-packages'].map((packages) => path.join(lib, name, packages, WHEEL)))
}

function pythonsOnPath({ PATH }) {
  const names = process.platform === 'win32' ? ['python.exe'] : ['python3', 'python']
  return (PATH?.split(path.delimiter).filter(Boolean) ?? []).flatMap((folder) =>
    names
      .map((name) => path.join(folder, name))
      .filter(isFile)
      .slice(0, 1),
  )
}

function libraryIn(places) {
  for (const place of places) {
    if (isFile(place)) return place
    const [newest] = namesIn(place)
      .filter((name) => PATTERN?.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    if (newest !== undefined) return path.join(place, newest)
  }
  return null
}

function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const isFile = (file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
