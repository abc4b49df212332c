// OpenVINO's C API, called through koffi: https://docs.openvino.ai/2026/api/c_cpp_api/group__ov__c__api.html
// The functions and their types are those of openvino/c/*.h, which the wheel brings.
import fs from 'node:fs'
import path from 'node:path'
import type * as Koffi from 'koffi'
import { apiLoader, type Call, type Handle, type NativeApi, nativeApi } from '../koffi.ts'

export interface Shape {
  readonly rank: number
  readonly dims: readonly number[] | null
}

/** Element types were numbered otherwise before 2024.2; the oldest that was tried. */
export const OLDEST = { year: 2024, release: 6 } as const

/** Calls by name, without `ov_`; one that fails throws with the library's own words. */
export interface OpenvinoApi extends NativeApi<CallName, FreeName> {
  /** '2026.4.1-21919-...'. */
  readonly build: string
  /** '2026.4.1'. */
  readonly version: string
  /** For the loop of predictions: gives the status. */
  readonly infer: (request: Handle) => number
  readonly lastError: () => string
}

const CALLS = {
  core_create: 'int ov_core_create(_Out_ void **core)',
  core_get_property: 'int ov_core_get_property(void *core, str device, str key, _Out_ void **value)',
  core_get_available_devices: 'int ov_core_get_available_devices(void *core, _Out_ whyslow_ov_list *devices)',
  core_read_model: 'int ov_core_read_model(void *core, str file, str weights, _Out_ void **model)',
  core_compile_model: 'int ov_core_compile_model(void *core, void *model, str device, size_t count, _Out_ void **compiled, ...)',
  model_inputs_size: 'int ov_model_inputs_size(void *model, _Out_ size_t *count)',
  model_outputs_size: 'int ov_model_outputs_size(void *model, _Out_ size_t *count)',
  model_const_input_by_index: 'int ov_model_const_input_by_index(void *model, size_t index, _Out_ void **port)',
  model_const_input_by_name: 'int ov_model_const_input_by_name(void *model, str name, _Out_ void **port)',
  model_const_output_by_index: 'int ov_model_const_output_by_index(void *model, size_t index, _Out_ void **port)',
  model_reshape: 'int ov_model_reshape(void *model, str *names, whyslow_ov_partial *shapes, size_t count)',
  port_get_any_name: 'int ov_port_get_any_name(void *port, _Out_ void **name)',
  port_get_element_type: 'int ov_port_get_element_type(void *port, _Out_ int *type)',
  port_get_partial_shape: 'int ov_port_get_partial_shape(void *port, _Out_ whyslow_ov_partial *shape)',
  compiled_model_get_property: 'int ov_compiled_model_get_property(void *compiled, str key, _Out_ void **value)',
  compiled_model_create_infer_request: 'int ov_compiled_model_create_infer_request(void *compiled, _Out_ void **request)',
  infer_request_set_tensor: 'int ov_infer_request_set_tensor(void *request, str name, void *tensor)',
  infer_request_get_output_tensor_by_index:
    'int ov_infer_request_get_output_tensor_by_index(void *request, size_t index, _Out_ void **tensor)',
  infer_request_get_profiling_info: 'int ov_infer_request_get_profiling_info(void *request, _Out_ whyslow_ov_list *infos)',
  tensor_create: 'int ov_tensor_create(int type, whyslow_ov_shape shape, _Out_ void **tensor)',
  tensor_data: 'int ov_tensor_data(void *tensor, _Out_ void **data)',
  tensor_get_byte_size: 'int ov_tensor_get_byte_size(void *tensor, _Out_ size_t *bytes)',
  tensor_get_shape: 'int ov_tensor_get_shape(void *tensor, _Out_ whyslow_ov_shape *shape)',
  tensor_get_element_type: 'int ov_tensor_get_element_type(void *tensor, _Out_ int *type)',
} as const
export type CallName = keyof typeof CALLS

const FREES = {
  core: 'void ov_core_free(void *core)',
  model: 'void ov_model_free(void *model)',
  compiled_model: 'void ov_compiled_model_free(void *compiled)',
  infer_request: 'void ov_infer_request_free(void *request)',
  tensor: 'void ov_tensor_free(void *tensor)',
  const_port: 'void ov_output_const_port_free(void *port)',
  text: 'void ov_free(void *text)',
  shape: 'int ov_shape_free(whyslow_ov_shape *shape)',
  partial_shape: 'void ov_partial_shape_free(whyslow_ov_partial *shape)',
  devices: 'void ov_available_devices_free(whyslow_ov_list *devices)',
  profiling: 'void ov_profiling_info_list_free(whyslow_ov_list *infos)',
} as const
export type FreeName = keyof typeof FREES

/** Throws where koffi is absent, and where `file` does not load or is too old. */
export const loadApi = apiLoader((koffi, file) => bind(koffi, openLibrary(koffi, file)))

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

function bind(koffi: typeof Koffi, library: Koffi.LibraryHandle): OpenvinoApi {
  defineTypes(koffi)
  const version = versionOf(library)
  const bound = (signature: string): Call => {
    try {
      return library.func(signature)
    } catch {
      throw new Error(`OpenVINO ${version.short} is too old: it has no ${/ov_\w+/.exec(signature)![0]}; ${UPDATE}`)
    }
  }
  const said = bound('str ov_get_last_err_msg()')
  const why = (status: number) => pointOf(said() as string | null, status)
  return {
    ...nativeApi(koffi, { calls: CALLS, frees: FREES }, { bound, why }),
    build: version.build,
    version: version.short,
    infer: bound('int ov_infer_request_infer(void *request)') as unknown as OpenvinoApi['infer'],
    lastError: () => why(-1),
  }
}

const UPDATE = `${OLDEST.year}.${OLDEST.release} and later are known`
let defined = false

function defineTypes(koffi: typeof Koffi): void {
  if (defined) return
  defined = true
  koffi.struct('whyslow_ov_version', { buildNumber: 'str', description: 'str' })
  koffi.struct('whyslow_ov_shape', { rank: 'int64_t', dims: 'int64_t *' })
  // A rank is a dimension: its lower and its upper limit.
  koffi.struct('whyslow_ov_partial', { rankMin: 'int64_t', rankMax: 'int64_t', dims: 'int64_t *' })
  koffi.struct('whyslow_ov_list', { items: 'void *', size: 'size_t' })
}

/** Throws where it is no library of OpenVINO, or one too old. */
export function versionOf(library: Pick<Koffi.LibraryHandle, 'func'>): { build: string; short: string } {
  let get: Call
  try {
    get = library.func('int ov_get_openvino_version(_Out_ whyslow_ov_version *version)')
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
