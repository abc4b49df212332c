// planted: padding-waste
// Short texts in a batch with long ones.
import { pipeline } from '@huggingface/transformers'

const extractor = await pipeline('feature-extraction', 'a-model', { dtype: 'q8' })
const texts = Array.from({ length: 32 }, (_, k) => 'word '.repeat(k % 8 === 0 ? 400 : 10))
export const samples = () => [texts]
export const predict = (all) => extractor(all, { pooling: 'mean', normalize: true }) // here
