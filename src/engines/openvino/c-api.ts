// OpenVINO's C API, called through koffi: https://docs.openvino.ai/2026/api/c_cpp_api/group__ov__c__api.html
// The functions and their types are those of openvino/c/*.h, which the wheel brings.
import fs from 'node:fs'
import path from 'node:path'
import type * as Koffi from 'koffi'
import { type Call, type NativeApi, nativeApi, type TypeSpec } from '../koffi.ts'

/** Element types were numbered otherwise before 2024.2; the oldest that was tried. */
export const OLDEST = { year: 2024, release: 6 } as const

/** Calls by name, without `ov_`; one that fails throws with the library's own words. */
export interface OpenvinoApi extends NativeApi<CallName, FreeName> {
  /** '2026.4.1-21919-...'. */
  readonly build: string
  /** '2026.4.1'. */
  readonly version: string
  readonly lastError: () => string
}

const part = ['void *', 'size_t'] as const

function typesOf(koffi: typeof Koffi) {
  return {
    shape: koffi.struct({ rank: 'int64_t', dims: 'int64_t *' }),
    // A rank is a dimension: its lower and its upper limit.
    partial: koffi.struct({ rankMin: 'int64_t', rankMax: 'int64_t', dims: 'int64_t *' }),
    list: koffi.struct({ items: 'void *', size: 'size_t' }),
  }
}

type Types = ReturnType<typeof typesOf>

/** By name without `ov_`: the parameters. */
function callsOf(koffi: typeof Koffi, { shape, partial, list }: Types) {
  const out = (of: TypeSpec) => koffi.out(koffi.pointer(of))
  const [made, count] = [out('void *'), out('size_t')]
  return {
    core_create: [made],
    core_get_property: ['void *', 'str', 'str', made],
    core_get_available_devices: ['void *', out(list)],
    core_read_model: ['void *', 'str', 'str', made],
    core_compile_model: ['void *', 'void *', 'str', 'size_t', made, '...'],
    model_const_input_by_name: ['void *', 'str', made],
    model_const_output_by_index: [...part, made],
    model_reshape: ['void *', 'str *', koffi.pointer(partial), 'size_t'],
    port_get_element_type: ['void *', out('int')],
    port_get_partial_shape: ['void *', out(partial)],
    const_port_get_shape: ['void *', out(shape)],
    compiled_model_get_property: ['void *', 'str', made],
    compiled_model_output_by_index: [...part, made],
    compiled_model_create_infer_request: ['void *', made],
    infer_request_infer: ['void *'],
    infer_request_set_tensor: ['void *', 'str', 'void *'],
    infer_request_set_output_tensor_by_index: [...part, 'void *'],
    infer_request_get_output_tensor_by_index: [...part, made],
    infer_request_get_profiling_info: ['void *', out(list)],
    tensor_create: ['int', shape, made],
    tensor_create_from_host_ptr: ['int', shape, 'void *', made],
    tensor_data: ['void *', made],
    tensor_get_byte_size: ['void *', count],
    tensor_get_shape: ['void *', out(shape)],
    tensor_get_element_type: ['void *', out('int')],
  } satisfies Record<string, readonly TypeSpec[]>
}
export type CallName = keyof ReturnType<typeof callsOf>

const freesOf = (koffi: typeof Koffi, { shape, partial, list }: Types) =>
  ({
    core: ['core_free', 'void *'],
    model: ['model_free', 'void *'],
    compiled_model: ['compiled_model_free', 'void *'],
    infer_request: ['infer_request_free', 'void *'],
    tensor: ['tensor_free', 'void *'],
    const_port: ['output_const_port_free', 'void *'],
    text: ['free', 'void *'],
    shape: ['shape_free', koffi.pointer(shape)],
    partial_shape: ['partial_shape_free', koffi.pointer(partial)],
    devices: ['available_devices_free', koffi.pointer(list)],
    profiling: ['profiling_info_list_free', koffi.pointer(list)],
  }) satisfies Record<string, readonly [string, TypeSpec]>
export type FreeName = keyof ReturnType<typeof freesOf>

/** Throws if `file` does not load, is another library, or is too old. */
export function openApi(koffi: typeof Koffi, file: string): OpenvinoApi {
  const library = openLibrary(koffi, file)
  const version = versionOf(library, koffi.out(koffi.pointer(koffi.struct({ buildNumber: 'str', description: 'str' }))))
  const lastError = library.func('ov_get_last_err_msg', 'str', [])
  const why = (status: number) => pointOf(lastError() as string | null, status)
  const types = typesOf(koffi)
  const api = nativeApi(koffi, library, {
    prefix: 'ov_',
    calls: callsOf(koffi, types),
    frees: freesOf(koffi, types),
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

/** Throws where it is no library of OpenVINO, or one too old. */
export function versionOf(library: Pick<Koffi.LibraryHandle, 'func'>, version: TypeSpec): { build: string; short: string } {
  let get: Call
  try {
    get = library.func('ov_get_openvino_version', 'int', [version]) as Call
  } catch {
    throw new Error(`it is no C library of OpenVINO, or one before 2022.3; ${UPDATE}`)
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
