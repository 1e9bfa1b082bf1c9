/**
 * A prediction of a whole sequence, compared with that of the model that was present when it was requested.
 *
 * @module
 */
import { sameBytes, type ServedModel } from './models'
import type { Service } from './service'

const LONGEST = 30

export async function request(service: Service): Promise<void> {
  const length = service.random.integer(1, LONGEST)
  const tokens = Int32Array.from({ length }, () => service.token())
  let served: ServedModel | undefined
  const output = await service.attempt((options) => {
    // A request that was refused may be tried again after a replacement.
    served?.leave()
    served = service.present.use()
    return service.chance(10)
      ? served.model.predict(tokens, options)
      : service.batcher.predict(tokens, options)
  })
  if (output !== undefined) {
    service.counts.requests++
    if (!sameBytes(output, served!.expected(tokens))) service.counts.wrong++
  }
  served!.leave()
}
