// Whether what is said of GPUs holds for the engine in use. A driver that computes on the CPU answers as a GPU and is none.
import type { Outcome } from '@whyslow/diagnosis/rule.ts'
import type { DeviceTimes } from '@whyslow/measure/timing/types.ts'
import type { EngineFacts } from '../evidence/evidence.ts'

/** What a rule about GPUs says if there is none in use; null if there is. */
export function withoutGpu({ id, device, deviceKind }: EngineFacts): Outcome | null {
  if (deviceKind === undefined || deviceKind === 'cpu') return 'does-not-apply'
  if (deviceKind === 'software-gpu') return { notChecked: `${id} ran on ${device}: nothing there holds for a GPU` }
  return null
}

export const DEVICE_NOT_MEASURED = { notChecked: 'what the device did was not measured' } as const

export const copiesMs = ({ uploadMs, downloadMs }: DeviceTimes): number => uploadMs + downloadMs

/** Time of nodes that stayed with the CPU, ms per prediction. */
export const onCpuMs = ({ nodes }: DeviceTimes): number => (nodes?.onCpu ?? []).reduce((sum, { timeMs }) => sum + timeMs, 0)
