// Eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to three diagonals, then QL with implicit shifts (EISPACK
// tred2 and tql2; Golub and Van Loan, Matrix Computations, chapter 8.3). About 9 n^3 floating-point operations.

export interface SymmetricEigen {
  /** The largest first. */
  readonly values: Float64Array
  /** One to a row, in the order of the values. */
  readonly vectors: Float64Array
}

/** Eigenvalues and eigenvectors of `matrix` [n, n]. Throws an Error if the iteration does not converge; with finite numbers it does. */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  // Vectors are kept one to a row: rotations then run along memory.
  const v = Float64Array.from(matrix)
  const d = new Float64Array(n)
  const e = new Float64Array(n)
  tridiagonal(v, d, e, n)
  rotate(v, d, e, n)
  const order = Array.from(d.keys()).sort((a, b) => d[b]! - d[a]!)
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    vectors.set(v.subarray(from * n, (from + 1) * n), to * n)
  })
  return { values: Float64Array.from(order, (at) => d[at]!), vectors }
}

/** v becomes the transformation (one column of it to a row), d the diagonal, e what is next to it, from e[1] on. */
function tridiagonal(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  // a is reduced from the last row up, as in tred2; reflections are gathered and applied to the identity at the end.
  const a = Float64Array.from(v)
  const reflections: { readonly u: Float64Array; readonly h: number; readonly size: number }[] = []
  for (let i = n - 1; i > 0; i--) {
    const row = a.subarray(i * n, i * n + i)
    let scale = 0
    for (const value of row) scale += Math.abs(value)
    if (i === 1 || scale === 0 || scale === Math.abs(row[i - 1]!)) {
      e[i] = row[i - 1]!
      continue
    }
    const u = Float64Array.from(row, (value) => value / scale)
    let norm = 0
    for (const value of u) norm += value * value
    const f = u[i - 1]!
    const g = f > 0 ? -Math.sqrt(norm) : Math.sqrt(norm)
    e[i] = scale * g
    const h = norm - f * g
    u[i - 1] = f - g
    // a <- (1 - u u'/h) a (1 - u u'/h) on the leading i rows: p = a u / h, q = p - (u p / 2h) u, a -= u q' + q u'.
    const p = new Float64Array(i)
    for (let j = 0; j < i; j++) {
      let sum = 0
      const at = j * n
      for (let k = 0; k < i; k++) sum += a[at + k]! * u[k]!
      p[j] = sum / h
    }
    let mixed = 0
    for (let j = 0; j < i; j++) mixed += u[j]! * p[j]!
    const half = mixed / (2 * h)
    for (let j = 0; j < i; j++) p[j]! -= half * u[j]!
    for (let j = 0; j < i; j++) {
      const [uj, qj, at] = [u[j]!, p[j]!, j * n]
      for (let k = 0; k < i; k++) a[at + k]! -= uj * p[k]! + qj * u[k]!
    }
    reflections.push({ u, h, size: i })
  }
  for (let i = 0; i < n; i++) d[i] = a[i * n + i]!
  v.fill(0)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  // The rows of v are the columns of the product of all reflections: the last made is applied first.
  for (const { u, h, size } of reflections.reverse()) {
    for (let r = 0; r < n; r++) {
      const at = r * n
      let sum = 0
      for (let k = 0; k < size; k++) sum += v[at + k]! * u[k]!
      if (sum === 0) continue
      const share = sum / h
      for (let k = 0; k < size; k++) v[at + k]! -= share * u[k]!
    }
  }
}

/** Rotations that a shift may take before it must have closed in; a dozen is much. */
const MAX_STEPS = 60

/** QL with implicit shifts on the three diagonals; the rows of v turn along. */
function rotate(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  for (let i = 1; i < n; i++) e[i - 1] = e[i]!
  e[n - 1] = 0
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++
      if (m === l) break
      if (step === MAX_STEPS) throw new Error('eigenvalues did not converge')
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!)
      let r = Math.hypot(g, 1)
      g = d[m]! - d[l]! + e[l]! / (g + (g < 0 ? -r : r))
      let [s, c, p] = [1, 1, 0]
      let i = m - 1
      for (; i >= l; i--) {
        const [f, b] = [s * e[i]!, c * e[i]!]
        r = Math.hypot(f, g)
        e[i + 1] = r
        if (r === 0) {
          d[i + 1]! -= p
          e[m] = 0
          break
        }
        s = f / r
        c = g / r
        g = d[i + 1]! - p
        r = (d[i]! - g) * s + 2 * c * b
        p = s * r
        d[i + 1] = g + p
        g = c * r - b
        turn(v, i, { s, c }, n)
      }
      if (r === 0 && i >= l) continue
      d[l]! -= p
      e[l] = g
      e[m] = 0
    }
  }
}

function turn(v: Float64Array, i: number, { s, c }: { readonly s: number; readonly c: number }, n: number): void {
  const [low, high] = [i * n, (i + 1) * n]
  for (let k = 0; k < n; k++) {
    const f = v[high + k]!
    v[high + k] = s * v[low + k]! + c * f
    v[low + k] = c * v[low + k]! - s * f
  }
}
