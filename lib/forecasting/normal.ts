/**
 * The quantiles of the standard normal distribution.
 *
 * @module
 */

const CENTRAL = 0.02425
const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
]
const B = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  1,
]
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
]
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1]

/**
 * The value below which a standard normal variable is with a probability: Acklam's rational approximation, whose relative
 * error is below 1.15e-9.
 *
 * @param probability - above 0, below 1
 */
export function normalQuantile(probability: number): number {
  if (probability === 0.5) return 0
  if (probability > 1 - CENTRAL) return -normalQuantile(1 - probability)
  if (probability < CENTRAL) {
    const q = Math.sqrt(-2 * Math.log(probability))
    return polynomial(C, q) / polynomial(D, q)
  }
  const q = probability - 0.5
  return (q * polynomial(A, q * q)) / polynomial(B, q * q)
}

/** Horner's rule; the coefficient of the highest power is the first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}
