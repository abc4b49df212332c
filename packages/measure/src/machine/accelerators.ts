// Devices in addition to the CPU. What an installed engine can use comes from the engine; device files show what the machine has
// although no engine sees it.
import type { System } from './system.ts'

interface DeviceFile {
  readonly path: string
  readonly title: string
  /** Words in an engine's list that say that it sees such a device already. */
  readonly seenAs: RegExp
}

const deviceFiles: readonly DeviceFile[] = [
  { path: '/dev/nvidia0', title: 'NVIDIA GPU', seenAs: /nvidia|cuda|tensorrt|geforce|tesla/i },
  { path: '/dev/kfd', title: 'AMD GPU', seenAs: /\bamd\b|rocm|migraphx|radeon/i },
  { path: '/dev/dri/renderD128', title: 'GPU', seenAs: /gpu|cuda|rocm|migraphx|openvino|nvidia|radeon|geforce/i },
]

/** The engines' devices, then those that only the system shows, each saying so by its file. */
export function listAccelerators(fromEngines: readonly string[], system: System): readonly string[] {
  const names = [...new Set(fromEngines)]
  for (const { path, title, seenAs } of deviceFiles) {
    const known = names.some((name) => seenAs.test(name))
    if (!known && system.exists(path)) names.push(`${title} (${path}: seen by the system, not by the engine)`)
  }
  return names
}
