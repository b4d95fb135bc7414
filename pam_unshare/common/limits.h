/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_LIMITS_H
#define PAM_UNSHARE_LIMITS_H

/*
 * How long anything may take, and how often it is tried: the whole list. A login that waits has a
 * user in front of it, so each of these ends.
 */

/* The grace time: from SIGTERM to SIGKILL at the end of a session (grace=). */
#define GRACE_DEFAULT_S  2
#define GRACE_MAX_S      3600
#define GRACE_DEFAULT_MS (GRACE_DEFAULT_S * 1000)
#define GRACE_MAX_MS     (GRACE_MAX_S * 1000)

/*
 * After SIGKILL PID 1 waits so long for the last process: only one in uninterruptible sleep is
 * still there then, and the kernel ends it when it wakes.
 */
#define KILL_WAIT_MS 500

/* How long PID 1 may take to answer at the close. It does nothing that blocks: it is stopped then.
 */
#define ANSWER_LIMIT_MS 1000

/* From the start of PID 1 until it executes session-init; then it is killed. */
#define LAUNCH_LIMIT_S 10

/*
 * While a package is being unpacked the module may be there and its session-init not yet: PID 1
 * tries for a second in all.
 */
#define EXECUTE_TRIES    100
#define EXECUTE_PAUSE_MS 10

/*
 * A session is opened anew if mounts or their names have changed meanwhile: for so long, and so
 * often at the least.
 */
#define OPEN_LIMIT_MS 900
#define OPEN_TRIES    3

/*
 * Within one such try the walks to the mounts (procfs/reach.h) go on for so long, and so often at
 * the least, as on a busy machine the time may be over after one. One name is looked up anew so
 * often before a walk begins again.
 */
#define REACH_LIMIT_MS   50
#define REACH_WALKS      20
#define REACH_NAME_TRIES 50

/*
 * A login that shares a session waits for others so many turns in all. Half of them are for one
 * that does not answer, a few for one that does not let go of the lock, which it should have for
 * some system calls only, and the rest for who opens in their place.
 */
#define SHARE_TURN_MS      10
#define SHARE_TURNS        90
#define SHARE_ANSWER_TURNS 45
#define SHARE_LOCK_TURNS   15
#define SHARE_LIMIT_MS     (SHARE_TURNS * SHARE_TURN_MS)

#endif
