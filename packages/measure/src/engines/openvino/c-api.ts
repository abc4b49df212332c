// OpenVINO's C API, called through koffi: https://docs.openvino.ai/2026/api/c_cpp_api/group__ov__c__api.html
// The functions and their types are those of openvino/c/*.h, which the wheel brings.
import fs from 'node:fs'
import path from 'node:path'
import type * as Koffi from 'koffi'
import { type Call, type NativeApi, nativeApi, type TypeSpec } from '../koffi.ts'

/** Element types were numbered otherwise before 2024.2; the oldest that was tried. */
const OLDEST = { year: 2024, release: 6 } as const

/** Calls by name, without `ov_`; one that fails throws with the library's own words. */
export interface OpenvinoApi extends NativeApi<CallName, FreeName> {
  /** '2026.4.1-21919-...'. */
  readonly build: string
  /** '2026.4.1'. */
  readonly version: string
  readonly lastError: () => string
}

/** Parameters of each call, keyed by its name without `ov_`. */
const CALLS = {
  core_create: ['out handle'],
  core_get_property: ['void *', 'str', 'str', 'out handle'],
  core_get_available_devices: ['void *', 'out list'],
  core_read_model: ['void *', 'str', 'str', 'out handle'],
  core_compile_model: ['void *', 'void *', 'str', 'size_t', 'out handle', '...'],
  model_const_input_by_name: ['void *', 'str', 'out handle'],
  model_const_output_by_index: ['void *', 'size_t', 'out handle'],
  model_reshape: ['void *', 'str *', 'partials', 'size_t'],
  port_get_element_type: ['void *', 'out int'],
  port_get_partial_shape: ['void *', 'out partial'],
  const_port_get_shape: ['void *', 'out shape'],
  compiled_model_get_property: ['void *', 'str', 'out handle'],
  compiled_model_output_by_index: ['void *', 'size_t', 'out handle'],
  compiled_model_create_infer_request: ['void *', 'out handle'],
  infer_request_infer: ['void *'],
  infer_request_set_tensor: ['void *', 'str', 'void *'],
  infer_request_set_output_tensor_by_index: ['void *', 'size_t', 'void *'],
  infer_request_get_output_tensor_by_index: ['void *', 'size_t', 'out handle'],
  infer_request_get_profiling_info: ['void *', 'out list'],
  tensor_create: ['int', 'shape', 'out handle'],
  tensor_create_from_host_ptr: ['int', 'shape', 'void *', 'out handle'],
  tensor_data: ['void *', 'out handle'],
  tensor_get_byte_size: ['void *', 'out size'],
  tensor_get_shape: ['void *', 'out shape'],
  tensor_get_element_type: ['void *', 'out int'],
} as const
export type CallName = keyof typeof CALLS

const FREES = {
  core: ['core_free', 'void *'],
  model: ['model_free', 'void *'],
  compiled_model: ['compiled_model_free', 'void *'],
  infer_request: ['infer_request_free', 'void *'],
  tensor: ['tensor_free', 'void *'],
  const_port: ['output_const_port_free', 'void *'],
  text: ['free', 'void *'],
  shape: ['shape_free', 'shapes'],
  partial_shape: ['partial_shape_free', 'partials'],
  devices: ['available_devices_free', 'lists'],
  profiling: ['profiling_info_list_free', 'lists'],
} as const
export type FreeName = keyof typeof FREES

function parameterTypes({ struct, out, pointer }: typeof Koffi) {
  const shape = struct({ rank: 'int64_t', dims: 'int64_t *' })
  // A rank is a dimension: its lower and its upper limit.
  const partial = struct({ rankMin: 'int64_t', rankMax: 'int64_t', dims: 'int64_t *' })
  const list = struct({ items: 'void *', size: 'size_t' })
  return {
    'out handle': out(pointer('void *')),
    'out size': out(pointer('size_t')),
    'out int': out(pointer('int')),
    'out shape': out(pointer(shape)),
    'out partial': out(pointer(partial)),
    'out list': out(pointer(list)),
    shape,
    shapes: pointer(shape),
    partials: pointer(partial),
    lists: pointer(list),
  }
}

/** Throws if `file` does not load, is another library, or is too old. */
export function openApi(koffi: typeof Koffi, file: string): OpenvinoApi {
  const library = openLibrary(koffi, file)
  const version = versionOf(library, koffi.out(koffi.pointer(koffi.struct({ buildNumber: 'str', description: 'str' }))))
  const lastError = library.func('ov_get_last_err_msg', 'str', [])
  const why = (status: number) => pointOf(lastError() as string | null, status)
  const api = nativeApi(koffi, library, {
    prefix: 'ov_',
    types: parameterTypes(koffi),
    calls: CALLS,
    frees: FREES,
    lacks: (name) => `OpenVINO ${version.short} is too old: it has no ${name}; ${UPDATE}`,
    why,
  })
  return { ...api, build: version.build, version: version.short, lastError: () => why(-1) }
}

function openLibrary(koffi: typeof Koffi, file: string): Koffi.LibraryHandle {
  try {
    return koffi.load(file)
  } catch (error) {
    const beside = threadLibraries(file)
    if (beside.length === 0) throw error
    for (const one of beside) koffi.load(one, { global: true })
    return koffi.load(file)
  }
}

/** An archive keeps the library of its thread pool elsewhere, and has a script that sets the path to it. */
function threadLibraries(file: string): string[] {
  const folder = path.resolve(path.dirname(file), '../../3rdparty/tbb/lib')
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder)
    .filter((name) => /^libtbb\.(so\.\d+|\d+\.dylib)$/.test(name))
    .map((name) => path.join(folder, name))
}

const UPDATE = `${OLDEST.year}.${OLDEST.release} and later are known`

/** Throws if it is no library of OpenVINO, or one too old. */
export function versionOf(library: Pick<Koffi.LibraryHandle, 'func'>, version: TypeSpec): { build: string; short: string } {
  let get: Call
  try {
    get = library.func('ov_get_openvino_version', 'int', [version]) as Call
  } catch {
    throw new Error(`it is not a C library of OpenVINO, or one before 2022.3; ${UPDATE}`)
  }
  const found: { buildNumber?: string } = {}
  get(found)
  const build = found.buildNumber ?? ''
  const [short = build, year, release] = /^(\d+)\.(\d+)(\.\d+)?/.exec(build) ?? []
  const isOld = Number(year) < OLDEST.year || (Number(year) === OLDEST.year && Number(release) < OLDEST.release)
  if (isOld) throw new Error(`OpenVINO ${short} is too old; ${UPDATE}`)
  return { build, short }
}

/** The library's messages say first where in its source they come from, line by line, and the point last. */
export function pointOf(message: string | null, status: number): string {
  if (!message) return `OpenVINO failed with status ${status}`
  const lines = message.split('\n').map((line) => line.trim())
  const point = lines.filter((line) => line !== '' && !/^(Exception from |Check '.*' failed at )/.test(line))
  return (point.length > 0 ? point : lines).join(' ').replaceAll(/\s+/g, ' ').trim()
}
