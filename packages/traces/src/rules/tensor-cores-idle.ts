// Three answers: used, not used, unknown. Names of kernels are the only sign in a trace, and lists of names rot, so that a kernel that no
// list knows is unknown and never 'not used'.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart, tensorCores } from '../rule.ts'

/** Share of the window. XProf's limit for arithmetic of 16 bits is the same share of device time. */
const FROM = 0.1
/** Tensor cores begin with this compute capability. */
const FIRST = 7

export const tensorCoresIdle = defineRule({
  id: 'tensor-cores-idle',
  area: 'hardware',
  title: 'Tensor cores are idle: matrix products run on the plain units',
  needs: ['trace'],
  check({ trace }) {
    const { matrix, window } = trace
    if (matrix === null) return missingPart(trace, 'matrix')
    const cores = tensorCores(trace)
    if (cores === undefined) return { notChecked: 'the file does not state the compute capability of the device' }
    if (cores.capability < FIRST) return 'does-not-apply'
    const plain = matrix.plainMs / window.lengthMs
    const unknown = matrix.unknownMs / window.lengthMs
    if (plain < FROM) {
      const isKnown = matrix.tensorCoresMs >= matrix.unknownMs || unknown < FROM
      return isKnown ? 'clear' : { notChecked: 'the names of its matrix kernels do not show which units compute them' }
    }
    const said = tell`${share('plain-units', plain)} of the time goes to matrix products in float32 units (${matrix.kernels.join(', ')}),
      ${share('tensor-cores', matrix.tensorCoresMs / window.lengthMs)} to ones on tensor cores.`
    return asShareOfStep(trace, said, plain, plain * cores.saves)
  },
})
