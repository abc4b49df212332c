// What folders share whose model is run by a native library, called through koffi: where the library is, feeds as its tensors, predictions
// in the caller's thread.
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A loop of predictions lets timers and sockets have their turn after so long, ms. */
const TURN_MS = 5
const FLOATS = [Float32Array, Float64Array]
const BIGS = [BigInt64Array, BigUint64Array]

/** `load()`'s answer for a model that predicts at once: `predict(feeds)` gives the results, `free()` ends it. */
export function predictor(model, afterClose) {
  let turn = null
  let closed = null
  const promised = (feeds) => {
    try {
      return Promise.resolve(model.predict(feeds))
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return {
    predict(feeds) {
      if (closed) return Promise.reject(afterClose())
      const now = performance.now()
      if (turn === null) {
        turn = now
        setImmediate(() => {
          turn = null
        })
      } else if (now - turn > TURN_MS) {
        return new Promise((resolve) => setImmediate(resolve)).then(() => promised(feeds))
      }
      return promised(feeds)
    },
    close() {
      // Predictions that wait for their turn were asked for before.
      closed ??= new Promise((resolve) => setImmediate(resolve)).then(model.free)
      return closed
    },
  }
}

export const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)

/** Feeds in the order of the inputs; a TypeError says which is wrong and how. `types`: by name, the library's number and the array. */
export function tensorsOf(feeds, inputs, types) {
  const names = () => inputs.map(({ name }) => name).join(', ')
  if (typeof feeds !== 'object' || feeds === null) {
    throw new TypeError(`predict() takes an object with a tensor for each input: ${names()}`)
  }
  for (const name in feeds) {
    if (!inputs.some((input) => input.name === name)) throw new TypeError(`the model has no input '${name}'; it takes ${names()}`)
  }
  return inputs.map((input) => tensorOf(input, feeds[input.name], types))
}

function tensorOf({ name, dtype, shape }, value, types) {
  if (value === undefined) throw new TypeError(`input '${name}' is missing`)
  if (typeof value !== 'object' || value === null || value.data === undefined || !Array.isArray(value.dims)) {
    throw new TypeError(`input '${name}' must be { type, data, dims }`)
  }
  const { type, dims } = value
  if (type !== dtype) throw new TypeError(`input '${name}' takes ${dtype}, and was given ${type}`)
  const [, Typed] = types[type]
  // As onnxruntime takes numbers: those of 64 bits as numbers, too, and none of 16 bits, whose bits they would be taken for.
  const isPlain = Array.isArray(value.data) && type !== 'float16'
  const data = isPlain ? Typed.from(value.data, BIGS.includes(Typed) ? BigInt : undefined) : value.data
  if (
    !ArrayBuffer.isView(data) ||
    data.BYTES_PER_ELEMENT !== Typed.BYTES_PER_ELEMENT ||
    FLOATS.some((one) => data instanceof one) !== FLOATS.includes(Typed)
  ) {
    throw new TypeError(`input '${name}': data of ${type} is a ${Typed.name}`)
  }
  // Twice -2 is 4, too, and so is 8 by a half: libraries would make another tensor of it, which data does not fill.
  if (!dims.every((one) => Number.isSafeInteger(one) && one >= 0))
    throw new TypeError(`input '${name}': dims are whole numbers from 0 on, not ${dims.join('x')}`)
  const size = dims.reduce((product, one) => product * one, 1)
  if (size !== data.length)
    throw new TypeError(`input '${name}': ${dims.join('x')} are ${size} numbers, and data has ${data.length}`)
  // Libraries take another shape than the declared one, and read beyond the tensor's end.
  const fits =
    shape === null || (shape.length === dims.length && shape.every((one, axis) => typeof one !== 'number' || one === dims[axis]))
  if (!fits) throw new Error(`input '${name}' is declared as ${shape.map((one) => one || '?').join('x')}, not ${dims.join('x')}`)
  return { name, type, dims, data }
}

/** What `open` makes of koffi and the library's file. Errors say in one line what is missing, or that it was measured with another. */
export async function openLibrary(library, { version, install }, open) {
  const koffi = await import('koffi').then(
    (module) => (module.load ? module : module.default),
    (error) => {
      const folder = path.dirname(fileURLToPath(import.meta.url))
      const why =
        error.code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : `does not load (${String(error.message).split('\n')[0]})`
      throw new Error(`${library.title} is called through the package koffi, which ${why}: npm install in ${folder}`, {
        cause: error,
      })
    },
  )
  const file = findLibrary(library, install)
  try {
    checkMachine(file)
    return open(koffi, file)
  } catch (error) {
    const why = String(error.message).split('\n')[0]
    throw new Error(`${file} cannot be used, the model was measured with ${library.title} ${version}: ${why}`, { cause: error })
  }
}

/** ELF's numbers of machines: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' }

/** The system's loader calls a library for another machine absent. */
function checkMachine(file) {
  const head = Buffer.alloc(20)
  const fd = openSync(file, 'r')
  readSync(fd, head, 0, head.length, 0)
  closeSync(fd)
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return
  const machine = MACHINES[head.readUInt16LE(18)] ?? 'another machine'
  if (machine !== process.arch) throw new Error(`it is for ${machine}, and this Node for ${process.arch}`)
}

const SYSTEM = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((name) => `/usr/lib/${name}`)
const SYSTEM_FOLDERS = [...SYSTEM, '/usr/lib64', '/usr/lib', '/usr/local/lib64', '/usr/local/lib', '/opt/homebrew/lib']
const LINKER_CONFIGURATION = '/etc/ld.so.conf.d'

/**
 * The library's file: in the place that its variable names, else the runtime of its npm package, the Python wheel of the active environment
 * or of the Python on the path, the system's own folders. Throws an Error of one line, with `install`, where there is none.
 */
export function findLibrary(library, install, env = process.env) {
  const named = env[library.variable]
  const file = libraryIn(library, named ? below(library, path.resolve(named)) : usualFolders(library, env))
  if (file !== null) return file
  const where = named ? `in ${library.variable} (${named})` : library.places
  const [, name] = library.files[process.platform] ?? library.files.linux
  throw new Error(`${library.title}'s library (${name}) was not found ${where}: ${install}`)
}

function usualFolders(library, env) {
  const windows = process.platform === 'win32'
  const lists = [env.LD_LIBRARY_PATH, env.DYLD_LIBRARY_PATH, windows ? env.PATH : undefined]
  const home = library.home && env[library.home]
  return [
    ...(library.nodePackage ? nodeRuntime(library) : []),
    ...[env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? sitePackages(library, prefix) : [])),
    ...pythonsOnPath(env).flatMap((python) => sitePackages(library, python)),
    ...(home ? below(library, home) : []),
    ...sitesOfUser(library),
    ...lists.flatMap((list) => list?.split(path.delimiter).filter(Boolean) ?? []),
    ...(windows ? [] : [...linkerFolders(), ...SYSTEM_FOLDERS]),
  ]
}

/** A user without a home, as containers are started, has none. */
function sitesOfUser(library) {
  try {
    const home = homedir()
    return path.isAbsolute(home) ? sitesIn(library, path.join(home, '.local/lib')) : []
  } catch {
    return []
  }
}

/** What the system's linker is told beside its own folders: ld.so.conf(5). */
const linkerFolders = () =>
  namesIn(LINKER_CONFIGURATION)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .flatMap((name) => textIn(path.join(LINKER_CONFIGURATION, name)).split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.startsWith('/'))

function nodeRuntime(library) {
  const name = library.nodePackage
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return below(library, path.join(entry.slice(0, entry.lastIndexOf(name) + name.length), 'bin'))
  } catch {
    return []
  }
}

const below = (library, named) =>
  isFile(named) ? [named] : [...['', ...library.below].map((name) => path.join(named, name)), ...sitePackages(library, named)]

/** Of an interpreter, or of the folder that an environment lies in. */
function sitePackages(library, python) {
  const folder = path.dirname(python)
  const prefixes = isFile(python) ? [path.dirname(folder), folder, ...prefixOfLink(python)] : [python]
  return [...new Set(prefixes)].flatMap((prefix) => [
    path.join(prefix, 'Lib/site-packages', library.wheel),
    ...sitesIn(library, path.join(prefix, 'lib')),
    ...sitesIn(library, path.join(prefix, 'local/lib')),
  ])
}

/** Where an interpreter is a link to its installation; an environment's is too, and does not see the packages there. */
function prefixOfLink(python) {
  const prefix = path.dirname(path.dirname(python))
  return isFile(path.join(prefix, 'pyvenv.cfg')) ? [] : [path.dirname(path.dirname(realpathSync(python)))]
}

/** lib/python3.12/site-packages, the newest first; dist-packages is Debian's. */
function sitesIn({ wheel }, lib) {
  const pythons = namesIn(lib).filter((name) => /^python3(\.\d+)?$/.test(name))
  const newest = pythons.sort((a, b) => Number(b.split('.')[1] ?? 0) - Number(a.split('.')[1] ?? 0))
  return newest.flatMap((name) => ['site-packages', 'dist-packages'].map((packages) => path.join(lib, name, packages, wheel)))
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

function libraryIn({ files }, places) {
  const pattern = files[process.platform]?.[0]
  for (const place of places) {
    if (isFile(place)) return place
    const [newest] = namesIn(place)
      .filter((name) => pattern?.test(name))
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

function textIn(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const isFile = (file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
