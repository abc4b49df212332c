// The trial that measures roofs, with the user's own engine.
import { offersOf } from '../../engines/index.ts'
import { loadOrt } from '../../engines/onnxruntime/ort-node.ts'
import type { Roofs } from '../../machine/types.ts'
import { defineTask } from '../../trials/port.ts'
import { measureRoofs } from './index.ts'

export interface RoofsInput {
  readonly engine: string
  readonly packageFrom: string | null
  readonly threads: number | null
  readonly caches: Readonly<Record<string, number | null>>
}

/** Throws if the engine has no kernels of its own to measure with. */
async function roofsOf(input: RoofsInput): Promise<Roofs> {
  if (!offersOf(input.engine).includes('roofs')) throw new Error(`${input.engine} has no kernels to measure roofs with`)
  return measureRoofs(await loadOrt(input.packageFrom), input.threads, input.caches)
}

export const roofsTask = defineTask('roofs', import.meta.url, roofsOf)
