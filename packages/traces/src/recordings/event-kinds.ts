// What an event of a timeline is, by its category and name. Categories of PyTorch's Kineto (libkineto/include/ActivityType.h at
// github.com/pytorch/kineto, and the names of before 1.11), of ONNX Runtime (core/common/profiler.cc) and of VizTracer do not collide, so that
// one table serves all.
import type { Kind } from './recording.ts'

const BY_CATEGORY: Readonly<Record<string, Kind | 'skip' | 'runtime-call' | 'device-row'>> = {
  cpu_op: 'op',
  operator: 'op',
  hpu_op: 'op',
  user_annotation: 'annotation',
  python_function: 'python',
  fee: 'python',
  kernel: 'device-row',
  mtia_ccp_events: 'device-row',
  collective_comm: 'device-row',
  concurrent_kernel: 'device-row',
  gpu_memcpy: 'copy',
  gpu_memset: 'copy',
  memcpy: 'copy',
  memset: 'copy',
  cuda_sync: 'device-wait',
  cuda_runtime: 'runtime-call',
  cuda_driver: 'runtime-call',
  runtime: 'runtime-call',
  mtia_runtime: 'runtime-call',
  xpu_runtime: 'runtime-call',
  xpu_driver: 'runtime-call',
  privateuse1_runtime: 'runtime-call',
  privateuse1_driver: 'runtime-call',
  // The same time again: what spans everything, what Kineto draws over kernels, what the recorder itself took.
  trace: 'skip',
  gpu_user_annotation: 'skip',
  overhead: 'skip',
  cuda_event: 'skip',
  cuda_profiler_range: 'skip',
  external_correlation: 'skip',
  hardware_counters: 'skip',
  mtia_counters: 'skip',
  mtia_insight: 'skip',
  cpu_instant_event: 'skip',
  session: 'session',
  node: 'node',
  // Programs of ONNX Runtime's WebGPU provider, on a row of their own.
  api: 'device-row',
}

/** What goes from device to device. AMD's copies begin with hip and are none: those are calls of the host. */
const COMMUNICATION =
  /(^|[^a-z])(nccl|rccl|hccl|oneccl|mscclpp?|nvshmem)|cross_device_reduce|one_shot_all_?reduce|two_shot_all_?reduce|multimem_(all|one)|^(all_?reduce|all_?gather|reduce_?scatter|all_?to_?all|collective[-_ ]?permute|send|recv)(\.\d+|-start|-done|[-_]fusion|$)/i
/** ROCm 7.1 files copies and fills as kernels. */
const COPY =
  /^(hip)?mem(cpy|set)|^\[?cuda mem(cpy|set)|^memory_copy_|^__amd_rocclr_(copy|fill)|^dma|^(memcpyh2d|memcpyd2h|memcpyd2d)/i
const DEVICE_WAIT = /^(event_(wait|record)|sync|stream (sync|wait)|context sync|event sync|barrier_wait)/i

/**
 * Calls that hand work to a device (facebookresearch/HolisticTraceAnalysis, common/trace_symbol_table.py), with those of Intel's and
 * Meta's devices.
 */
const LAUNCH =
  /^(cuda|hip)(LaunchKernel|LaunchCooperativeKernel|GraphLaunch|Memcpy\w*Async|MemcpyWithStream|Memset\w*Async|ExtModuleLaunchKernel|ExtLaunchKernel|ModuleLaunchKernel)|^(cu|hip)(LaunchKernel|GraphLaunch|LaunchGrid|LaunchCooperative)|^urEnqueue|^zeCommandListAppend(Launch|Memory)|^runFunction|^enqueueCommand/
const SYNCHRONIZATION =
  /^(cuda|hip|cu)(DeviceSynchronize|StreamSynchronize|EventSynchronize|CtxSynchronize|Memcpy(_ptds|_ptsz)?$)|^hipMemcpy$|^synchronize|^(ze\w*Synchronize|urQueueFinish|urEventWait)/

/** The kind of an event; undefined: nothing that is looked at. */
export function kindOfEvent(category: string, name: string): Kind | undefined {
  const known = BY_CATEGORY[category.toLowerCase()]
  switch (known) {
    case 'skip':
      return undefined
    case 'runtime-call':
      return kindOfCall(name)
    case 'device-row':
      return kindOfDeviceRow(name)
    case 'node':
      return name.endsWith('_kernel_time') ? 'node' : undefined
    case undefined:
      return 'slice'
    default:
      return known
  }
}

/** A call of a device's runtime on the host. */
export function kindOfCall(name: string): Kind {
  if (LAUNCH.test(name)) return 'launch'
  return SYNCHRONIZATION.test(name) ? 'synchronization' : 'runtime'
}

/** Something on a device's own row. */
export function kindOfDeviceRow(name: string): Kind {
  if (COPY.test(name)) return 'copy'
  if (DEVICE_WAIT.test(name)) return 'device-wait'
  return COMMUNICATION.test(name) ? 'communication' : 'kernel'
}
