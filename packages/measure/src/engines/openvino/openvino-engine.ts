// An engine that is OpenVINO on one device in one precision: is its library here, does it list the device, has that the precision? What
// it would choose itself is not exact on CPUs with bfloat16 units, so that each precision is an engine of its own, and always said.
// Properties: https://docs.openvino.ai/2026/openvino-workflow/running-inference/inference-devices-and-modes/query-device-properties.html
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { installCommand, placesOf } from '../find-package.ts'
import { apiLoader, FFI, FFI_REQUIREMENT, findKoffi, type Handle, loadKoffi } from '../koffi.ts'
import { placeForShipping } from '../native-library.ts'
import type {
  Availability,
  DeviceKind,
  Engine,
  EngineOffer,
  EngineOptions,
  EnginePlaces,
  OpenOptions,
  Session,
} from '../types.ts'
import { type OpenvinoApi, openApi } from './c-api.ts'
import { findLibrary, INSTALL, openvinoEnvironment } from './find-library.ts'
import { openSession, textOf } from './session.ts'

type Precision = NonNullable<Engine['precision']>

export interface OpenvinoDescription {
  readonly id: string
  readonly title: string
  /** As the library calls it. */
  readonly device: 'CPU' | 'GPU' | 'NPU'
  readonly precision: Precision
}

/** The precision as a property, and among the device's capabilities. */
const PRECISIONS: Readonly<Record<Precision, { readonly hint: string; readonly capability: string }>> = {
  float32: { hint: 'f32', capability: 'FP32' },
  bfloat16: { hint: 'bf16', capability: 'BF16' },
  float16: { hint: 'f16', capability: 'FP16' },
}
const KINDS = { CPU: 'cpu', GPU: 'gpu', NPU: 'npu' } as const satisfies Readonly<Record<string, DeviceKind>>
const WORDS = { GPU: 'gpu', NPU: 'npu' } as const
const OFFERS: readonly EngineOffer[] = ['node-times', 'node-times-as-given', 'kernel-names', 'synchronous', 'narrow-numbers']

export function openvinoEngine(about: OpenvinoDescription): Omit<Engine, 'end'> {
  const { id, title, device, precision } = about
  return {
    id,
    title,
    formats: ['onnx'],
    runs: 'graph',
    package: 'openvino-node',
    install: INSTALL,
    precision,
    placeOption: 'openvino',
    ...(device === 'CPU' ? {} : { accelerator: WORDS[device] }),
    runtime: device === 'CPU' ? 'OpenVINO' : `OpenVINO on the ${device}`,
    offers: [
      ...OFFERS,
      ...(device === 'CPU' ? (['threads', 'alternative', 'int8'] as const) : []),
      ...(precision === 'float16' ? (['float16'] as const) : []),
    ],
    available: (places) => availableOn(about, places),
    open: (modelFile, options) => open(about, modelFile, options),
    ...(device === 'CPU'
      ? {
          shipped: (options: EngineOptions) => ({
            name: 'OpenVINO' as const,
            calledBy: FFI_REQUIREMENT,
            device,
            properties: propertiesOf(about, options),
            place: placeForShipping('OPENVINO_LIBRARY', findLibrary(options, openvinoEnvironment())),
          }),
        }
      : {}),
  }
}

const loadApi = apiLoader(openApi, loadKoffi)

async function open({ device, precision }: OpenvinoDescription, modelFile: string, options: OpenOptions): Promise<Session> {
  const found = findLibrary(options, openvinoEnvironment())
  if (!found.ok) throw new Error(`${found.reason}; ${found.fix}`)
  const api = await loadApi(found.file)
  const profiling = options.profilePrefix === undefined ? {} : { PERF_COUNT: 'YES' }
  const properties = { ...propertiesOf({ device, precision }, options), ...profiling }
  return openSession(api, modelFile, { device, properties }, options)
}

function propertiesOf(
  { device, precision }: Pick<OpenvinoDescription, 'device' | 'precision'>,
  { threads, configEntries }: EngineOptions,
): Record<string, string> {
  return {
    PERFORMANCE_HINT: 'LATENCY',
    // Entries of a comparison may be other engines'.
    ...Object.fromEntries(Object.entries(configEntries).filter(([key]) => isProperty(key))),
    ...(threads === null || device !== 'CPU' ? {} : { INFERENCE_NUM_THREADS: String(threads) }),
    INFERENCE_PRECISION_HINT: PRECISIONS[precision].hint,
  }
}

const isProperty = (key: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(key)

async function availableOn({ device, precision }: OpenvinoDescription, places: EnginePlaces): Promise<Availability> {
  const absent = (reason: string, fix: string): Availability => ({ ok: false, reason, fix })
  const found = findLibrary(places, openvinoEnvironment())
  if (!found.ok) return found
  if (!findKoffi())
    return absent(`the package ${FFI}, which calls OpenVINO's library, was not found ${placesOf(FFI, null)}`, installCommand(FFI))
  try {
    const api = await loadApi(found.file)
    const core = api.got('core_create')
    const listed = devicesOf(api, core)
    const version = `OpenVINO ${api.version}`
    if (!listed.some((one) => one === device || one.startsWith(`${device}.`)))
      return absent(`${version} lists no ${device} here, only ${listed.join(', ')}`, `install the driver of the ${device}`)
    const property = (key: string) => textOf(api, 'core_get_property', core, device, key)
    const name = property('FULL_DEVICE_NAME').trim()
    const { capability } = PRECISIONS[precision]
    if (!property('OPTIMIZATION_CAPABILITIES').split(' ').includes(capability))
      return absent(
        `${version} computes in no ${precision} on this ${device} (${name})`,
        'take another precision, or another machine',
      )
    const isCpu = device === 'CPU'
    return {
      ok: true,
      version: api.version,
      device: isCpu ? 'cpu' : name,
      deviceKind: KINDS[device],
      from: found.from,
      accelerators: isCpu ? [] : [name],
      configuration: configurationOf(property('SUPPORTED_PROPERTIES').split(' ')),
    }
  } catch (error) {
    return absent(`${found.file} does not load: ${withoutPrefix(firstLineOf(error))}`, INSTALL)
  }
}

function devicesOf(api: OpenvinoApi, core: Handle): readonly string[] {
  const list: { items?: unknown; size?: number | bigint } = {}
  api.call('core_get_available_devices', core, list)
  const names = api.koffi.decode(list.items as never, 'str', Number(list.size)) as string[]
  api.free('devices', list)
  return [...names]
}

const withoutPrefix = (message: string): string => message.replace(/^Failed to load shared library: /, '')

const SWITCH = ['YES', 'NO', 'TRUE', 'FALSE']
const VALUES: Readonly<Record<string, readonly string[]>> = {
  PERFORMANCE_HINT: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
  PERFORMANCE_HINT_NUM_REQUESTS: ['<n>'],
  NUM_STREAMS: ['AUTO', 'NUMA', '<n>'],
  EXECUTION_MODE_HINT: ['PERFORMANCE', 'ACCURACY'],
  ENABLE_CPU_PINNING: SWITCH,
  ENABLE_HYPER_THREADING: SWITCH,
  CPU_DENORMALS_OPTIMIZATION: SWITCH,
}
/** Properties of the library itself: devices do not list them. */
const OF_ALL = ['CACHE_DIR']
/** Options of whyslow, and engines: what they say is not said twice. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set(['INFERENCE_PRECISION_HINT', 'INFERENCE_NUM_THREADS', 'PERF_COUNT'])

function configurationOf(supported: readonly string[]): Readonly<Record<string, readonly string[] | null>> {
  const keys = [...OF_ALL, ...supported].filter((key) => !SAID_OTHERWISE.has(key))
  return Object.fromEntries(keys.map((key) => [key, VALUES[key] ?? null]))
}
