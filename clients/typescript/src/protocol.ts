// Generated from docs/schema by scripts/protocol.mjs: `npm run generate`. Do not edit.

/** The client's name for a job, unique among those that have not ended; 42 and "42" are the same. */
export type Connid = string | number;

/** How a piece of output is written down. */
export type Encoding = "text" | "base64";

/** Echoed on the direct reply as it was written; 0 and "" included. */
export type FrameId = string | number;

/** The server's name for a job (UUID version 7). */
export type JobId = string;

/** The right to go on with a job: given with it, and nothing to read. */
export type Lease = string;

/** What to do where the connid names a job that has not ended. */
export type OnConflict = "reject" | "attach" | "replace";

/** What becomes of a job when its last watcher is gone. */
export type OnDisconnect = "keep" | "kill";

/** Any JSON value. */
export type Payload = unknown;

/** How far a job has come, as far as it can tell. */
export interface Progress {
  /** How much is done, in the units of `total`. */
  done?: number | null | undefined;
  /** What it is at, for people to read. */
  note?: string | null | undefined;
  /** How much there is to do. */
  total?: number | null | undefined;
}

/** Seconds, fractions allowed; a string that holds such a number is read as that number. */
export type Seconds = number | string;

/** Where output was written to. */
export type Stream = "stdout" | "stderr";

/** Which jobs to speak of. */
export interface Where {
  /** Those of this route. */
  route?: string | null | undefined;
  /** Those with this tag. */
  tag?: string | null | undefined;
}

/** What a worker says its job failed of. */
export interface WorkError {
  /** A stable word for programs: 1 to 64 letters of ASCII, digits, `_`, `-` and `.`. */
  code: string;
  /** More for programs: any JSON. */
  detail?: Payload | null | undefined;
  /** A sentence for people. */
  message?: string | null | undefined;
}

/** Add to the log of a job that one holds: output, progress, or both. */
export interface Append {
  /** How that is written down: `base64` for bytes that are no UTF-8. */
  encoding?: Encoding | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Of which job: what it was handed over with. */
  lease: Lease;
  /** What was printed. */
  output?: string | null | undefined;
  /** How far it has come. */
  progress?: Progress | null | undefined;
  route: "append";
  /** Where it was printed to. */
  stream?: Stream | null | undefined;
}

/**
 * Offer to serve routes, so many jobs at once. It stands until the session ends or another takes its place: as jobs end, the
 * next are handed over.
 */
export interface Claim {
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Leases of an earlier connection to go on with. Those that are gone are named in the reply. */
  leases?: Lease[] | null | undefined;
  route: "claim";
  /** Which routes, of those that workers serve. May be left out with no slots, and by a process that the server started for one. */
  routes?: string[] | null | undefined;
  /** How many jobs at once, those that are held included; 1 where it is left out, and 0 for no more. */
  slots?: number | undefined;
  /** What the worker is called, for people who read of it. */
  worker?: string | null | undefined;
}

/** End a job that one holds: with a result, with an error, or with neither. */
export interface EndJob {
  /** What it failed of. */
  error?: WorkError | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Which job: what it was handed over with. */
  lease: Lease;
  /** What it came to: any JSON. */
  result?: Payload | null | undefined;
  route: "end";
}

/** Move a job's deadline. */
export interface Extend {
  /** Which job, by the client's name: the one that runs, or else the last that did. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Which job, by the server's name: exact, also where the connid has been used again. */
  job?: JobId | null | undefined;
  route: "extend";
  /** To so many seconds from now; with what it has had, within what the route allows. */
  time: Seconds;
}

/** Kill a job. Kill asks first: the work is told to end, and forced only after its route's grace. */
export interface Kill {
  /** Which job, by the client's name: the one that runs, or else the last that did. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Which job, by the server's name: exact, also where the connid has been used again. */
  job?: JobId | null | undefined;
  /** Why, for whoever runs or watches it. */
  reason?: string | null | undefined;
  route: "kill";
  /** Whether to answer only once it is dead; of one job. */
  wait?: boolean | null | undefined;
  /** Every job that fits and has not ended, in place of one job. The reply says of how many. */
  where?: Where | null | undefined;
}

/** What may be searched: the catalogues of the server. */
export interface ModulesQuery {
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  route: "modules";
}

/** The routes on which jobs may be started, with their terms and the schemas of their inputs. */
export interface RoutesQuery {
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  route: "routes";
}

/** Search libraries. */
export interface Search {
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  route: "query/module";
}

/** Start a job. */
export interface Start {
  /** What the client calls it; the server makes a name where it is left out. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Seconds it may go without any event. */
  idle_time?: Seconds | null | undefined;
  /** What the consumer is given: any JSON. */
  input?: Payload | null | undefined;
  /** What to do where the connid is in use. */
  on_conflict?: OnConflict | null | undefined;
  /** What becomes of it when its last watcher is gone. */
  on_disconnect?: OnDisconnect | null | undefined;
  /** Seconds it may wait in the queue. */
  queue_time?: Seconds | null | undefined;
  /** Which consumer handles it. */
  route: string;
  /** Words to find it by. */
  tags?: string[] | null | undefined;
  /** Its timeout: seconds from its start, at most what the route allows; the route's default where it is left out. */
  time?: Seconds | null | undefined;
}

/** What runs, or how one job stands. */
export interface StatusQuery {
  /** From after this job on: the `next` of the page before. */
  after?: JobId | null | undefined;
  /** That one job, by the client's name, also if it has ended and is still kept. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** The same by the server's name: exact, also where the connid has been used again. */
  job?: JobId | null | undefined;
  /** How many at most: 1 to 1000, 100 where it is left out. */
  limit?: number | null | undefined;
  route: "status";
  /** Only those that fit. */
  where?: Where | null | undefined;
}

/** Send the events of a job, or the changes of all, no longer. */
export interface Unwatch {
  /** Which job, by the client's name. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Which job, by the server's name. */
  job?: JobId | null | undefined;
  route: "unwatch";
}

/** Send the events of a job, or, where it names none, every change of state of every job. */
export interface Watch {
  /**
   * The last number that was seen; the events after it are sent. All of them where it is left out; of the feed, those to
   * come.
   */
  after?: number | null | undefined;
  /** Which job, by the client's name: the one that runs, or else the last that did. */
  connid?: Connid | null | undefined;
  /** Echoed on the direct reply. */
  id?: FrameId | undefined;
  /** Which job, by the server's name: exact, also where the connid has been used again. */
  job?: JobId | null | undefined;
  route: "watch";
}

/** What a client of longwire.v1 sends. */
export type ClientFrame =
  | Kill
  | StatusQuery
  | Watch
  | Unwatch
  | Extend
  | Claim
  | Append
  | EndJob
  | RoutesQuery
  | Search
  | ModulesQuery
  | Start;

/** The clocks a job may run out of; the words are those of the request's fields. */
export type Clock = "time" | "idle_time" | "queue_time";

/** The stable word for why a frame was refused. A refusal never closes the socket. */
export type Code = "invalid_json" | "invalid_frame" | "missing_field" | "invalid_field" | "unknown_field" | "unknown_route" | "unknown_connid" | "expired" | "already_ended" | "connid_in_use" | "lease_lost" | "unknown_lib" | "unknown_catalogue" | "too_large" | "too_many" | "unauthorized" | "forbidden" | "shutting_down" | "unavailable" | "internal";

/** How a job ended, in short. */
export interface EndedView {
  /** The clock that ran out. */
  clock?: Clock | null | undefined;
  /** What it failed of. */
  error?: Failure | null | undefined;
  /** The kill receipt. */
  kill?: Receipt | null | undefined;
  /** The number of its last event. */
  seq: number;
  /** The outcome. */
  status: Status;
}

/** The word `error`. */
export type ErrorWord = "error";

/** What a job failed of. */
export interface Failure {
  /** A stable word for programs. */
  code: string;
  /** More for programs, such as the code that a command exited with. */
  detail?: Payload | null | undefined;
  /** A sentence for people. */
  message: string;
}

/** Numbers that are no longer kept. */
export interface Gap {
  /** The first of them. */
  from: number;
  /** The last of them. */
  to: number;
}

/** How a job stands. */
export interface JobView {
  /** When it was accepted. */
  accepted_at: Timestamp;
  /** The attempt to serve it, from the second on. */
  attempt?: number | null | undefined;
  /** Who started it. */
  by: string;
  /** The clock that ran out. */
  clock?: Clock | null | undefined;
  /** What the client calls it. */
  connid: string;
  /** Seconds since it was accepted, or from then to its end. */
  elapsed: number;
  /** When it ended. */
  ended_at?: Timestamp | null | undefined;
  /** What it failed of. */
  error?: Failure | null | undefined;
  /** Seconds it may go without an event. */
  idle_time?: number | null | undefined;
  /** What the server calls it. */
  job: JobId;
  /** The wish to kill it, or the receipt. */
  kill?: KillNote | null | undefined;
  /** Seconds until its deadline, unless it has ended. */
  left?: number | null | undefined;
  /** Its place in the queue, from 1, where it waits. */
  position?: number | null | undefined;
  /** How far it has come. */
  progress?: Progress | null | undefined;
  /** Seconds it may wait in the queue. */
  queue_time?: number | null | undefined;
  /** What it came to. */
  result?: Payload | null | undefined;
  /** Who serves it. */
  route: string;
  /** The number of its last event. */
  seq: number;
  /** When it left the queue. */
  started_at?: Timestamp | null | undefined;
  /** Where it stands. */
  status: Status;
  /** Words to find it by. */
  tags?: string[] | undefined;
  /** Seconds it was given. */
  time: number;
}

/** What is said of a kill in an event: first the wish, in the end the receipt. */
export type KillNote = Receipt | Wish;

/** How a catalogue stands. */
export type ModuleState = "ready" | "reading" | "broken";

/** A catalogue of library symbols. */
export interface ModuleView {
  /** Bytes of memory that it takes. */
  bytes: number;
  /** 32 hexadecimal digits that are the same for the same symbols. */
  digest?: string | null | undefined;
  /** How many libraries it has: classes, headers, namespaces. */
  libs: number;
  /** The name by which a search asks for it. */
  name: string;
  /** What it was made of, in its own words. */
  sources?: string[] | undefined;
  /** How it stands. */
  state: ModuleState;
  /** How many symbols it has; an overload set is one. */
  symbols: number;
  /** What it is, in its own words. */
  title?: string | undefined;
  /** What is wrong with its file, where something is: it cannot be read, or what is searched is older than it. */
  trouble?: string | null | undefined;
}

/** The kill receipt: what it took, and what is left. */
export interface Receipt {
  /** Who asked. */
  by: string;
  /** Whether the work had to be forced, as it did not end within its grace. */
  forced: boolean;
  /** Milliseconds from the wish to the end. */
  ms: number;
  /** Why, in their words. */
  reason?: string | null | undefined;
  /**
   * The signals that the work was sent to end it, such as `TERM` and `KILL`, each kind once, in that order; none where it is no
   * process.
   */
  signals?: string[] | undefined;
  /**
   * How many processes of the job were still alive when it was called dead. Verified, not assumed: left out where nobody could
   * look, as whoever served the job is gone, or is no process of the server.
   */
  survivors?: number | null | undefined;
}

/** A route on which jobs may be started: its terms, and how much there is of it. */
export interface RouteView {
  /** How many jobs run at once; left out where there is no bound. */
  concurrency?: number | null | undefined;
  /** What it is for, in its operator's words. */
  description?: string | undefined;
  /** Whether its jobs outlive the server's process. */
  durable: boolean;
  /** Seconds that a job may go without an event where its start does not say. */
  idle_time?: number | null | undefined;
  /** Seconds between asking a job to end and ending it by force. */
  kill_grace: number;
  /** Seconds that it may be given at most. */
  max_time: number;
  /** Seconds that a job may wait in the queue where its start does not say. */
  queue_time?: number | null | undefined;
  /** How many jobs wait. */
  queued: number;
  /** Its name. */
  route: string;
  /** How many jobs run, or are ending. */
  running: number;
  /** What an input must be, as JSON Schema, where the route says so. */
  schema?: Payload | null | undefined;
  /** Seconds that a job is given where its start does not say. */
  time: number;
  /** How many workers offer to serve it, where workers do. */
  workers?: number | null | undefined;
}

/** Where a job stands: waiting, at work, on its way out, or at one of five ends. */
export type Status = "queued" | "running" | "ending" | "ok" | "failed" | "killed" | "timeout" | "lost";

export type Timestamp = string;

/** The wish that a job be killed, and whose it was. */
export interface Wish {
  /** Who asked. */
  by: string;
  /** Why, in their words. */
  reason?: string | null | undefined;
}

/** The direct reply to a claim. */
export interface Claimed {
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** The leases of those asked for that are gone: their jobs are no longer this worker's. */
  lost?: Lease[] | undefined;
  /** Always `claim`. */
  route: string;
  /** How many jobs at once, as was asked for. */
  slots: number;
  /** Always `ok`. */
  status: Status;
}

/** The direct reply to a verb that was done. */
export interface Done {
  /** The job it was done to. */
  connid?: string | null | undefined;
  /** How the job ended: in the reply to a kill that waited, and to a watch after which nothing comes. */
  ended?: EndedView | null | undefined;
  /** The last change of the feed so far, in the reply to a watch of it. */
  feed?: number | null | undefined;
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** The same by the server's name: in the reply to a watch, and where the request named it so. */
  job?: JobId | null | undefined;
  /** How many kills were accepted, in the reply to one with `where`. */
  killed?: number | null | undefined;
  /** Seconds until its deadline, likewise. */
  left?: number | null | undefined;
  /** The verb. */
  route: string;
  /** The number of the event that it became: a kill's wish, or the end where it was waited for; for a watch, the last so far. */
  seq?: number | null | undefined;
  /** Always `ok`. */
  status: Status;
  /** Seconds the job was given, in the reply to an extend. */
  time?: number | null | undefined;
}

/** An event of a job's log. The frame whose `status` is an outcome is the last, once. */
export interface EventFrame {
  /** When it happened: on a socket that asked for `times`. */
  at?: Timestamp | null | undefined;
  /** The attempt to serve it that this belongs to, from the second on. */
  attempt?: number | null | undefined;
  /** The clock that ran out. */
  clock?: Clock | null | undefined;
  /** What the client calls the job. */
  connid: string;
  /** How that is written down: it is said where it is base64. */
  encoding?: Encoding | undefined;
  /** What it failed of. */
  error?: Failure | null | undefined;
  /** What the server calls it: in the first event, and in all where it was watched by this name. */
  job?: JobId | null | undefined;
  /** The wish to kill it, or the receipt. */
  kill?: KillNote | null | undefined;
  /** To a worker: the job that it holds under this lease. */
  lease?: Lease | null | undefined;
  /** Seconds until its deadline at that moment. */
  left?: number | null | undefined;
  /** What it printed, in the encoding beside. */
  output?: string | null | undefined;
  /** How far it has come. */
  progress?: Progress | null | undefined;
  /** What it came to. */
  result?: Payload | null | undefined;
  /** Who serves the job, in its first event. */
  route?: string | null | undefined;
  /** The event's number. */
  seq: number;
  /** Where the job stood after it. */
  status: Status;
  /** Where it printed that to. */
  stream?: Stream | null | undefined;
  /** Seconds it was given, when it was accepted or extended. */
  time?: number | null | undefined;
}

/** A change of some job's state, to whoever watches them all. */
export interface FeedFrame {
  /** When it was. */
  at: Timestamp;
  /** Who started it: in its first change. */
  by?: string | null | undefined;
  /** What the client calls the job. */
  connid: string;
  /** The number of the change in this server's feed, from 1. Changes of jobs one may not see leave holes. */
  feed: number;
  /** What the server calls it. */
  job: JobId;
  /** Seconds until its deadline then, unless it has ended. */
  left?: number | null | undefined;
  /** Who serves it. */
  route: string;
  /** The number of the event in the job's own log. */
  seq: number;
  /** Where the job stood after it. */
  status: Status;
  /** Words to find it by, likewise. */
  tags?: string[] | undefined;
}

/**
 * The direct reply to a search that was answered. One that was refused has the `code` and the `field` of every refusal, and
 * `data` without anything in it.
 */
export interface Found {
  /** The matches of this page, the best first, as one list. */
  data: Payload;
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** In words: how many matches there are, and where. */
  message: string;
  /** Always `query/module`. */
  route: string;
  /** Always `ok`; nothing found is an answer, too. */
  status: Status;
}

/** Says that what a watcher would have been sent is no longer kept. What is sent next comes after it. */
export interface GapFrame {
  /** The job; none where the gap is in the feed. */
  connid?: string | null | undefined;
  /** What is missing. */
  gap: Gap;
  /** The same by the server's name, where it was watched by it. */
  job?: JobId | null | undefined;
}

/** A job that is handed over to a worker. What happens to it from then on comes as events with the same `lease`. */
export interface HandOver {
  /** The attempt to serve it, from 1. */
  attempt: number;
  /** What its starter calls it. */
  connid: string;
  /** Seconds it has to end once it is told to. */
  grace: number;
  /** What it was given; null where that is nothing. */
  input?: Payload | null | undefined;
  /** What the server calls the job. */
  job: JobId;
  /** What whatever is said of the job must name, and the right to say it. */
  lease: Lease;
  /** Seconds without a sign of the worker after which the job is given up. */
  lease_time: number;
  /** Seconds until its deadline. */
  left: number;
  /** The route it was started on. */
  route: string;
  /** The number of the last event of its log so far. */
  seq: number;
  /** Always `running`. */
  status: Status;
  /** Seconds it was given. */
  time: number;
}

/** The reply to a question for the catalogues: all of them, the first is the one that is searched where none is named. */
export interface ModulesPage {
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** The catalogues. */
  modules: ModuleView[];
  /** Always `modules`. */
  route: string;
  /** Always `ok`. */
  status: Status;
}

/** What a server says of itself. */
export interface Notice {
  /** Seconds until then. */
  left: number;
  notice: "shutting_down";
}

/** A refusal as it is sent. It never closes the socket. */
export interface RefusalFrame {
  /** The stable word. */
  code: Code;
  /** The connid it was about. */
  connid?: string | null | undefined;
  /** Always empty. It is there where a search was refused, as every answer to one has it. */
  data?: [] | null | undefined;
  /** How the job had ended, where it had (`already_ended`, `lease_lost`). */
  ended?: EndedView | null | undefined;
  /** The field that was wrong, where it was one. */
  field?: string | null | undefined;
  /** The frame's own, as far as it could be made out. */
  id?: FrameId | null | undefined;
  /** The lease that it was about, where that is gone (`lease_lost`) or too much is said under it (`too_many`). */
  lease?: Lease | null | undefined;
  /** The sentence. */
  message: string;
  /** The frame's own, as far as it could be made out. */
  route?: string | null | undefined;
  /** Always `error`. */
  status: ErrorWord;
}

/** The reply to a question for the routes: all of them, by name. */
export interface RoutesPage {
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** Always `routes`. */
  route: string;
  /** The routes. */
  routes: RouteView[];
  /** Always `ok`. */
  status: Status;
}

/** The direct reply to a start. The job's events follow, from `seq` + 1 on. */
export interface Started {
  /** Whether it ran already and this start joined it. */
  attached?: boolean | undefined;
  /** What the client calls the job. */
  connid: string;
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** What the server calls it. */
  job: JobId;
  /** Seconds until its deadline. */
  left: number;
  /** Its place in the queue, from 1, where it waits. */
  position?: number | null | undefined;
  /** Who serves it. */
  route: string;
  /** The number of the event that this reply stands for. */
  seq: number;
  /** `queued` or `running`. */
  status: Status;
  /** Seconds it was given. */
  time: number;
}

/** The reply to a status: a page of what runs, oldest first. */
export interface StatusPage {
  /** The request's own. */
  id?: FrameId | null | undefined;
  /** Those of this page. It may hold fewer than asked for, even none, and yet not be the last. */
  jobs: JobView[];
  /** What to give as `after` for the page that follows; null on the last. */
  next?: JobId | null | undefined;
  /** Always `status`. */
  route: string;
  /** Always `ok`. */
  status: Status;
  /** How many there are in all that fit, where that is known without looking at each. */
  total?: number | null | undefined;
}

/** What a server of longwire.v1 sends. */
export type ServerFrame =
  | Started
  | Done
  | StatusPage
  | RoutesPage
  | Found
  | ModulesPage
  | Claimed
  | HandOver
  | RefusalFrame
  | EventFrame
  | FeedFrame
  | GapFrame
  | Notice;
