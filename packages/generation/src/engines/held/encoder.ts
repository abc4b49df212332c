// The encoder in front of a decoder that this engine runs: called once for what it reads, so that JavaScript may hold what it gives.
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { EncoderSession } from '../loop/encoder.ts'
import type { OrtApi } from './c-api.ts'
import { bindConstants } from './first-call.ts'
import { newBinding } from './session.ts'
import { tensorOf } from './values.ts'

export function encoderSession(
  api: OrtApi,
  session: Handle,
  { inputs, outputs }: { readonly inputs: readonly ValueDeclaration[]; readonly outputs: readonly string[] },
): EncoderSession {
  return {
    ...{ inputs, outputs },
    async run(feeds) {
      const binding = newBinding(api, session)
      const free = bindConstants(api, binding, feeds)
      try {
        for (const name of outputs) binding.freshOutput(name)
        binding.run()
        const values = binding.outputs()
        const made = outputs.map((name, at) => [name, tensorOf(api, values[at])] as const)
        for (const value of values) api.free('Value', value)
        return Object.fromEntries(made)
      } finally {
        binding.close()
        free()
      }
    },
  }
}
