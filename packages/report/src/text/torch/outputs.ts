// How the outputs of a PyTorch model with another setting compare with those without it.
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import type { TorchTrial } from '../../documents/report-torch.ts'

/** 'equal bit for bit', 'differ by 1.2 %'. */
export function outputsWords({ id, equal, error }: Pick<TorchTrial, 'id' | 'equal' | 'error'>): string {
  if (equal === 'bits') return 'equal bit for bit'
  if (equal === 'rounding') return 'equal within rounding'
  if (id === 'eval' || error === null) return 'not comparable'
  return `differ by ${significant(error * 100, 2)} %`
}
