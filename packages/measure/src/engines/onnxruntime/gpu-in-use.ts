// Which graphics device this process works with. onnxruntime's binding does not say which adapter its WebGPU provider took. On Linux
// the process itself shows it: a driver of a real device holds the device's file open, and a driver that computes on the CPU is known
// by its library (Mesa's llvmpipe, Google's SwiftShader). Of two real devices the first is named. proc(5), sysfs.
import fs from 'node:fs'
import os from 'node:os'
import type { FoundDevice } from './ort-provider.ts'

const SOFTWARE: readonly { readonly library: RegExp; readonly name: string }[] = [
  { library: /libvk_swiftshader/, name: 'SwiftShader' },
  { library: /libvulkan_lvp/, name: 'llvmpipe' },
]

const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel', '0x106b': 'Apple' }

/** Whether the system shows a graphics device; if it cannot be asked, there is one. */
export const hasGpu = (): boolean =>
  process.platform !== 'linux' || ['/dev/dri/renderD128', '/dev/nvidia0', '/dev/kfd'].some((file) => fs.existsSync(file))

/** The GPU in use. Call it while a session on the device is open or after one was. */
export function gpuInUse(): FoundDevice {
  if (process.platform === 'darwin') return { device: `${os.cpus()[0]?.model ?? 'Apple'} GPU`, deviceKind: 'gpu' }
  if (process.platform !== 'linux') return { device: 'GPU (name unknown)', deviceKind: 'gpu' }
  const real = realDevice(openFiles())
  if (real !== null) return { device: real, deviceKind: 'gpu' }
  const maps = read('/proc/self/maps')
  const software = SOFTWARE.find(({ library }) => library.test(maps))
  return software
    ? { device: softwareName(software.name), deviceKind: 'software-gpu' }
    : { device: 'GPU (name unknown)', deviceKind: 'gpu' }
}

/** As every report names one. */
export const softwareName = (driver: string): string => `${driver} (software adapter, computes on the CPU)`

/** `files`: paths that the process holds open. null: none is a device that computes. */
export function realDevice(files: readonly string[], readText: (file: string) => string = read): string | null {
  if (files.some((file) => /^\/dev\/nvidia\d+$/.test(file))) return nvidiaName() ?? 'NVIDIA GPU'
  const node = files.map((file) => /^\/dev\/dri\/(renderD\d+)$/.exec(file)?.[1]).find((name) => name !== undefined)
  if (node === undefined) return null
  const id = (what: string) => readText(`/sys/class/drm/${node}/device/${what}`).trim()
  const vendor = VENDORS[id('vendor')] ?? id('vendor')
  return vendor === '' ? `GPU (${node})` : `${vendor} GPU (device ${id('device')})`
}

function nvidiaName(): string | null {
  const folder = '/proc/driver/nvidia/gpus'
  try {
    const texts = fs.readdirSync(folder).map((name) => read(`${folder}/${name}/information`))
    return /^Model:\s*(.+)$/m.exec(texts.join('\n'))?.[1]?.trim() ?? null
  } catch {
    return null
  }
}

function openFiles(): string[] {
  try {
    return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [fs.readlinkSync(`/proc/self/fd/${fd}`)]
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
