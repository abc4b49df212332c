// Student's t for whole degrees of freedom: its probability as a finite sum (Abramowitz and Stegun, Handbook of Mathematical Functions,
// 26.7.3 and 26.7.4), and the quantile by halving, so that any level can be requested. Tables end, and often at 15 degrees.

/** The t that is exceeded on either side with 100 - `percent` % together. */
export function studentT(percent: number, degrees: number): number {
  let [low, high] = [0, Math.PI / 2]
  // As many halvings as a double has bits.
  for (let step = 0; step < 53; step++) {
    const middle = (low + high) / 2
    if (withinAngle(middle, degrees) * 100 < percent) low = middle
    else high = middle
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2)
}

/** Probability of |t| below tan(angle) × √degrees. */
function withinAngle(angle: number, degrees: number): number {
  const square = Math.cos(angle) ** 2
  const isOdd = degrees % 2 === 1
  // Even: 1 + 1/2 cos² + 1·3/(2·4) cos⁴ + …; odd: cos + 2/3 cos³ + 2·4/(3·5) cos⁵ + …, up to cos^(degrees - 2).
  let term = isOdd ? Math.cos(angle) : 1
  let sum = degrees === 1 ? 0 : term
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * square
    sum += term
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}
