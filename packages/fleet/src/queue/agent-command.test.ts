import type { Availability } from '@whyslow/measure/engines/types.ts'
import type { RunTrial } from '@whyslow/measure/trials/port.ts'
import { expect, test } from 'vitest'
import { ownMachine } from './agent-command.ts'

/** Engines by what their trial answers; the others are not here. */
const answering = (found: Readonly<Record<string, Partial<Availability>>>): { run: RunTrial; asked: string[] } => {
  const asked: string[] = []
  const run = (async (_: unknown, { engine }: { engine: string }) => {
    asked.push(engine)
    const here = found[engine]
    const value = here ? { ok: true, ...here } : { ok: false, reason: 'it is not installed', fix: '' }
    return { outcome: 'measured', value }
  }) as unknown as RunTrial
  return { run, asked }
}

test('a machine without accelerators is its processor, whatever stands in for one', async () => {
  const { run, asked } = answering({ 'ort-webgpu': { device: 'llvmpipe', deviceKind: 'software-gpu' } })
  expect(await ownMachine(run)).toMatch(/^(x64|arm64|cpu)[\w-]*-\d+c-[0-9a-f]{6}$/)
  // Engines that compute on the processor are not asked.
  expect(asked).toContain('ort-cuda')
  expect(asked).not.toContain('ort-cpu')
})

test('what engines can use beside the processor is part of it, each once', async () => {
  const gpu = { device: 'NVIDIA A10', deviceKind: 'gpu' } as const
  const { run } = answering({
    'ort-tensorrt': gpu,
    'ort-cuda': gpu,
    'ort-webgpu': gpu,
    'openvino-npu': { device: 'AI Boost', deviceKind: 'npu' },
  })
  const [, ...accelerators] = (await ownMachine(run)).split('+')
  expect(accelerators).toEqual(['cuda-nvidia-a10', 'npu-ai-boost', 'webgpu-nvidia-a10'])
})
