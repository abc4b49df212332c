import { describe, expect, it } from 'vitest'
import { adapterDevice } from './browser/available.ts'
import { realDevice } from './gpu-in-use.ts'

const sysfs = (vendor: string) => (file: string) =>
  file === '/sys/class/drm/renderD128/device/vendor' ? `${vendor}\n` : file.endsWith('/device') ? '0x1638\n' : ''

describe('the device that a process holds open', () => {
  it('is named by its vendor', () => {
    expect(realDevice(['/dev/null', '/dev/dri/renderD128'], sysfs('0x1002'))).toBe('AMD GPU (device 0x1638)')
    expect(realDevice(['/dev/dri/renderD128'], () => '')).toBe('GPU (renderD128)')
  })

  it('is none where only the control node, or nothing, is open', () => {
    expect(realDevice(['/dev/null', '/dev/nvidiactl', '/tmp/renderD128'])).toBeNull()
  })
})

describe('the adapter that a page is told of', () => {
  const info = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false }
  it('is software where it says so, by name or by its mark', () => {
    expect(adapterDevice({ ...info, vendor: 'google', architecture: 'swiftshader' })).toEqual({
      device: 'SwiftShader (software adapter, computes on the CPU)',
      deviceKind: 'software-gpu',
    })
    expect(adapterDevice({ ...info, vendor: 'mesa', description: 'llvmpipe (LLVM 15)' }).deviceKind).toBe('software-gpu')
    expect(adapterDevice({ ...info, vendor: 'x', isFallbackAdapter: true }).deviceKind).toBe('software-gpu')
  })
  it('is a GPU otherwise', () => {
    expect(adapterDevice({ ...info, vendor: 'nvidia', architecture: 'ampere' })).toEqual({
      device: 'nvidia ampere GPU',
      deviceKind: 'gpu',
    })
  })
})
