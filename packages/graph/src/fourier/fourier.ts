// The discrete Fourier transform of real numbers as products with constant matrices: in one step, or in two where the length has two factors
// (J. W. Cooley, J. W. Tukey, An algorithm for the machine calculation of complex Fourier series, Math. Comp. 19, 1965). Engines have fast kernels for
// products; onnxruntime's DFT takes two to thirty times as long (bench/forms.mjs).

/** Row-major; numbers are the float32 nearest to what doubles give. */
export interface FourierMatrix {
  readonly shape: readonly number[]
  readonly data: Float32Array<ArrayBuffer>
}

export type FourierSteps =
  /** x [frames, length] by `matrix` [length, 2 half]: real and imaginary part of each frequency side by side. */
  | { readonly steps: 1; readonly half: number; readonly matrix: FourierMatrix }
  /**
   * x as [frames, outer, inner]. `first` [2 outer, outer] by x is [frames, outer, 2 inner]: of each frequency modulo `outer` both parts. With these in
   * front, by `second` [outer, 2 inner, 2 groups]: [outer, frames, groups, 2], where frequency g · outer + o stands at [o, frame, g].
   */
  | {
      readonly steps: 2
      readonly half: number
      readonly outer: number
      readonly inner: number
      readonly groups: number
      readonly first: FourierMatrix
      readonly second: FourierMatrix
    }

/** Below, one product is as fast as two. */
const TWO_STEPS_FROM = 256
/** Most elements of one step's matrix. */
const MOST_ELEMENTS = 1 << 24

/** Steps for a `length` ≥ 1 and the frequencies 0 to length / 2. undefined: the matrices would be too large. */
export function fourierSteps(length: number): FourierSteps | undefined {
  const half = Math.floor(length / 2) + 1
  const outer = length < TWO_STEPS_FROM ? 1 : factorNearRoot(length)
  if (outer > 1) return twoSteps(length, half, outer)
  return 2 * half * length > MOST_ELEMENTS ? undefined : { steps: 1, half, matrix: oneStep(length, half) }
}

/** The largest factor up to the square root. */
function factorNearRoot(length: number): number {
  for (let factor = Math.floor(Math.sqrt(length)); factor > 1; factor--) if (length % factor === 0) return factor
  return 1
}

function oneStep(length: number, half: number): FourierMatrix {
  const data = new Float32Array(length * 2 * half)
  const turn = turnsOf(length)
  for (let n = 0; n < length; n++)
    for (let k = 0; k < half; k++) {
      const { cos, sin } = turn(n * k)
      data[(n * half + k) * 2] = cos
      data[(n * half + k) * 2 + 1] = -sin
    }
  return { shape: [length, 2 * half], data }
}

function twoSteps(length: number, half: number, outer: number): FourierSteps | undefined {
  const inner = length / outer
  const groups = Math.floor((half - 1) / outer) + 1
  if (outer * 2 * inner * 2 * groups > MOST_ELEMENTS) return undefined
  const first = new Float32Array(2 * outer * outer)
  const turnOuter = turnsOf(outer)
  for (let k = 0; k < outer; k++)
    for (let j = 0; j < outer; j++) {
      const { cos, sin } = turnOuter(j * k)
      first[2 * k * outer + j] = cos
      first[(2 * k + 1) * outer + j] = -sin
    }
  const second = new Float32Array(outer * 2 * inner * 2 * groups)
  const turn = turnsOf(length)
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      for (let g = 0; g < groups; g++) {
        const { cos, sin } = turn(i * (o + outer * g))
        const at = (part: number) => ((o * 2 + part) * inner + i) * 2 * groups + 2 * g
        second[at(0)] = cos
        second[at(1)] = sin
        second[at(0) + 1] = -sin
        second[at(1) + 1] = cos
      }
  return {
    steps: 2,
    half,
    outer,
    inner,
    groups,
    first: { shape: [2 * outer, outer], data: first },
    second: { shape: [outer, 2 * inner, 2 * groups], data: second },
  }
}

/** Cosine and sine of multiples of a turn of 1 / length. The angle is taken within one turn, so that many turns lose no digits. */
function turnsOf(length: number): (times: number) => { readonly cos: number; readonly sin: number } {
  return (times) => {
    const angle = (2 * Math.PI * (times % length)) / length
    return { cos: Math.cos(angle), sin: Math.sin(angle) }
  }
}
