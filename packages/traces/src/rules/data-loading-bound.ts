// Time in which the main thread is in the data loader and the device has nothing to do. PyTorch's TensorBoard plugin warned above 5 %.
import { share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule, missingPart } from '../rule.ts'

/** PyTorch's TensorBoard plugin; XProf's lower limit of input time is the same. */
const FROM = 0.05

export const dataLoadingBound = defineRule({
  id: 'data-loading-bound',
  area: 'software',
  title: 'Data loading: the step waits for its data',
  needs: ['trace'],
  check({ trace }) {
    const { host, device } = trace
    if (host === null) return missingPart(trace, 'host')
    const { exposedDataLoading: exposed, dataLoading } = host
    if (dataLoading === 0) return 'clear'
    if (exposed <= FROM) return 'clear'
    const meanwhile = device === null ? tell`` : tell`, ${share('exposed', exposed)} while the device has nothing to do`
    const said = tell`The main thread spends ${share('data-loading', dataLoading)} of the time in the data loader${meanwhile}.`
    return asShareOfStep(trace, said, exposed)
  },
})
