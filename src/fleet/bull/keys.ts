// The keys and channels on the server. All begin with `<prefix>:<queue>:`, like BullMQ's own keys.
// Braces in the prefix put all of them in one hash slot of a Redis cluster.
//
//   key               holds
//   <id>              BullMQ's job
//   <id>:lock         the token of the worker that has the job, until its lease ends
//   out:<client>      the outcomes for this client, by call id
//   alive:<client>    exists until the client's lease ends
//   kept:<id>         an outcome that any client may read, until `keep` milliseconds have passed
//   claim:<id>        the fingerprint of the call with this id, if its outcome is to be kept
//   waiters:<id>      the clients that wait for a call with a claim, and `*` if it is detached
//   cancel:<id>       exists if the call was cancelled; `w` if it was removed while it waited
//   knows:<task>      exists while a live worker knows the task
//
//   channel           carries
//   to:<client>       outcomes, starts and progress of the client's calls
//   on:<id>           the same for a call whose outcome is to be kept
//   worker:<name>     ids of calls that the worker must cancel

export class Keys {
  readonly base: string;

  constructor(prefix: string, queue: string) {
    this.base = `${prefix}:${queue}:`;
  }

  job(id: string): string {
    return this.base + id;
  }

  lock(id: string): string {
    return `${this.base}${id}:lock`;
  }

  out(client: string): string {
    return `${this.base}out:${client}`;
  }

  alive(client: string): string {
    return `${this.base}alive:${client}`;
  }

  kept(id: string): string {
    return `${this.base}kept:${id}`;
  }

  claim(id: string): string {
    return `${this.base}claim:${id}`;
  }

  waiters(id: string): string {
    return `${this.base}waiters:${id}`;
  }

  cancel(id: string): string {
    return `${this.base}cancel:${id}`;
  }

  knows(task: string): string {
    return `${this.base}knows:${task}`;
  }

  toClient(client: string): string {
    return `${this.base}to:${client}`;
  }

  onKept(id: string): string {
    return `${this.base}on:${id}`;
  }

  toWorker(name: string): string {
    return `${this.base}worker:${name}`;
  }
}

/**
 * Stores and publishes the outcomes of one client's calls. Skips calls whose lease the worker has
 * lost. Returns 1 for each outcome stored, and 0 for each one skipped.
 *
 * KEYS: `out:<client>`. ARGV: base, the channel `to:<client>` and the lifetime of the key in
 * milliseconds; then for each call its id, token, `keep` and outcome. An empty token means that no
 * lease is required.
 */
export const STORE = `
local base, channel, ttl = ARGV[1], ARGV[2], ARGV[3]
local published, stored, hasPrivate = {}, {}, false
for i = 4, #ARGV, 4 do
  local id, token, keep, outcome = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  if token == '' or redis.call('GET', base .. id .. ':lock') == token then
    stored[#stored + 1] = 1
    if keep > 0 then
      -- Of two outcomes, keep and publish the first one, because clients may have seen it.
      if redis.call('SET', base .. 'kept:' .. id, outcome, 'PX', keep, 'NX') then
        redis.call('PEXPIRE', base .. 'claim:' .. id, keep)
      else
        outcome = redis.call('GET', base .. 'kept:' .. id)
      end
      -- A client that waits must find the outcome even when it is no longer kept.
      for _, client in ipairs(redis.call('SMEMBERS', base .. 'waiters:' .. id)) do
        if client ~= '*' then
          redis.call('HSET', base .. 'out:' .. client, id, outcome)
          redis.call('PEXPIRE', base .. 'out:' .. client, ttl)
        end
      end
      redis.call('DEL', base .. 'waiters:' .. id)
      redis.call('PUBLISH', base .. 'on:' .. id, cjson.encode({{'o', id, outcome}}))
    else
      redis.call('HSET', KEYS[1], id, outcome)
      hasPrivate = true
      published[#published + 1] = {'o', id, outcome}
    end
  else
    stored[#stored + 1] = 0
  end
end
if hasPrivate then
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PUBLISH', channel, cjson.encode(published))
end
return stored
`;

/**
 * Claims an id for a call whose outcome is to be kept, and adds its client to the waiters. Returns
 * `stored` if the call can be added, `joined` if it exists or has a result, `conflict` if the id
 * belongs to another call, and `ending` if the caller must ask again. It must do so while the store
 * still has an earlier call that was cancelled or ended without a result, and while another call
 * that has claimed the id is being added.
 *
 * KEYS: `claim:<id>`. ARGV: base, id, the call's fingerprint, the client or `*`, how many
 * milliseconds to store the claim while the call has no outcome, and how long it is valid without a
 * job.
 */
export const CLAIM = `
local base, id, claim = ARGV[1], ARGV[2], KEYS[1]
local job, kept, waiters = base .. id, base .. 'kept:' .. id, base .. 'waiters:' .. id
local cancel = base .. 'cancel:' .. id
local isStored = redis.call('EXISTS', job) == 1
local mark = redis.call('GET', cancel)
local outcome = redis.call('GETRANGE', kept, 0, 9)
local isResult = outcome == '{"kind":"v' or outcome == '{"kind":"e'
if not isResult then
  if isStored and (mark or outcome ~= '') then return 'ending' end
  if outcome ~= '' then redis.call('DEL', kept, claim) end
end
local other = redis.call('GET', claim)
local isSame = other == ARGV[3]
if isStored or isResult then
  if other and not isSame then return 'conflict' end
  if not isStored or isResult then return 'joined' end
else
  if not other or mark == 'w' or redis.call('PTTL', claim) < ARGV[5] - ARGV[6] then
    -- This '*' is of a detached call that was never added.
    redis.call('SREM', waiters, '*')
  elseif not isSame then
    return 'ending'
  end
  redis.call('DEL', cancel)
  redis.call('SET', claim, ARGV[3], 'PX', ARGV[5])
end
-- An outcome under this id is that of an earlier call, because this call has none yet.
redis.call('HDEL', base .. 'out:' .. ARGV[4], id)
redis.call('SADD', waiters, ARGV[4])
redis.call('PEXPIRE', waiters, ARGV[5])
return isStored and 'joined' or 'stored'
`;

/**
 * Cancels a call. If it is detached or other living clients wait for it, only removes the client
 * from its waiters, and returns `shared`. Otherwise returns `missing` if the call isn't stored or
 * has ended, `waiting` if no worker has it, and `running` after sending its id to its worker.
 *
 * One script, because a client might join or leave between separate commands.
 *
 * KEYS: `waiters:<id>`. ARGV: base, id, the client, and the lifetime of the cancellation in
 * milliseconds.
 */
export const LEAVE = `
local base, id, me, waiters = ARGV[1], ARGV[2], ARGV[3], KEYS[1]
local job, cancel = base .. id, base .. 'cancel:' .. id
-- Nobody joins a cancelled call. Clients that begin to wait later want the next call with its id.
if redis.call('EXISTS', cancel) == 0 then
  for _, client in ipairs(redis.call('SMEMBERS', waiters)) do
    if client == '*' or client ~= me and redis.call('EXISTS', base .. 'alive:' .. client) == 1 then
      redis.call('SREM', waiters, me)
      return 'shared'
    end
  end
end
redis.call('SET', cancel, '1', 'PX', ARGV[4])
if redis.call('EXISTS', job) == 0 or redis.call('EXISTS', base .. 'kept:' .. id) == 1
  or redis.call('HEXISTS', base .. 'out:' .. me, id) == 1 then return 'missing' end
if redis.call('EXISTS', job .. ':lock') == 0 then return 'waiting' end
local worker = redis.call('HGET', job, 'pb')
if worker then redis.call('PUBLISH', base .. 'worker:' .. worker, id) end
return 'running'
`;

/** How many milliseconds to store the fingerprint and the waiters of a call without an outcome. */
export const CLAIM_TTL = 86_400_000;
/** How many milliseconds a client may take to add the call whose id it has claimed. */
export const ADD_TTL = 5_000;

/** The waiter that stands for a detached call. */
export const DETACHED = "*";

/**
 * The value of `cancel:<id>` once a waiting call has been removed. The claim of the call then no
 * longer counts.
 */
export const WITHDRAWN = "w";

/** How many milliseconds a client's outcomes are stored: longer than a client may be frozen. */
export const OUT_TTL = 3_600_000;
/** How many milliseconds the cancellation of a call is stored. */
export const CANCEL_TTL = 3_600_000;

/** A message to a client: outcomes (`o`), starts (`b`) and progress (`p`). */
export type ClientMessage = readonly (readonly ["o" | "b" | "p", id: string, text: string])[];
