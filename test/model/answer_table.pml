/* SPDX-License-Identifier: Apache-2.0
   The protocol of the answer table (docs/decisions/0015-answer-table.md), for spin.

   A writer changes a file, and the kernel queues a notice with the change. A second one changes the mounts, which poll(2) tells only once, to whoever asks first. The engine takes notices, removes what they are about, and
   puts an answer that it has checked. Two clients take the answer. What a client is served must be as new as what
   was there when it started.

   LEAVE_OUT names a step that is left out; each of them must be found to matter. */

#define NO_ODD_VERSION 1   /* the engine does not say that it is taking notices */
#define NO_SECOND_LOOK 2   /* the client does not look at the version again */
#define NO_QUEUE 3         /* the client does not look at the queue */
#define NO_TURN 4          /* clients poll the mounts without taking turns */
#define NO_PASSING_ON 5    /* a client that has seen a change of the mounts does not say so */
#define NO_CHECK_AT_PUT 6  /* the engine puts an answer although something has changed since it was checked */
#ifndef LEAVE_OUT
#define LEAVE_OUT 0
#endif

#ifndef ROUNDS
#define ROUNDS 2  /* of the engine */
#endif

#define IDLE 0
#define CHANGED 255

byte file = 0, mounts = 0;            /* how often each was changed */
byte queue = 0;                       /* notices that nobody has taken */
bool sign_engine = false;             /* poll() will tell the engine of changed mounts */
bool sign_clients = false;            /* and the clients, who share one descriptor */
byte version = 0;
bool valid = false;                   /* there is an entry */
byte entry_file = 0, entry_mounts = 0; /* what it was made of */
byte turn = IDLE;                     /* header.mounts */

proctype Writer() {
  atomic { file++; queue++ }
}

proctype Mounter() {
  atomic { mounts++; sign_engine = true; sign_clients = true }
}

/* WatchSet::catch_up() between Listener::begin() and end(). */
inline take_notices(found) {
  byte others_saw;
  found = false;
  atomic {
    others_saw = turn;
    if
    :: others_saw == CHANGED -> found = true
    :: else
    fi
  }
  sign_clients = false;  /* the clients' descriptor is asked first */
  atomic {
    if
    :: queue > 0 -> queue = 0; found = true
    :: else
    fi
  }
  atomic {
    if
    :: sign_engine -> sign_engine = false; found = true
    :: else
    fi
  }
  if
  :: found -> valid = false
  :: else
  fi;
  if
  :: others_saw == CHANGED -> turn = IDLE
  :: else
  fi
}

proctype Engine() {
  byte i, checked_file, checked_mounts;
  bool found;
  for (i : 1 .. ROUNDS) {
    if
    :: true ->  /* only notices */
      if
      :: LEAVE_OUT != NO_ODD_VERSION -> version++
      :: else
      fi;
      take_notices(found);
      if
      :: LEAVE_OUT != NO_ODD_VERSION -> version++
      :: else
      fi
    :: true ->  /* an answer: watched, then checked, then put unless something has changed */
      version++;
      take_notices(found);
      version++;
      atomic { checked_file = file; checked_mounts = mounts };
      if
      :: true ->  /* another thread of the engine, for a request */
        version++;
        take_notices(found);
        version++
      :: true -> found = false
      fi;
      version++;
      if
      :: !found -> take_notices(found)
      :: else
      fi;
      if
      :: !found || LEAVE_OUT == NO_CHECK_AT_PUT ->
        entry_file = checked_file;
        entry_mounts = checked_mounts;
        valid = true
      :: else
      fi;
      version++
    fi
  }
}

proctype Client(byte self) {
  byte started_file, started_mounts, before, got_file, got_mounts;
  bool there, quiet;
  atomic { started_file = file; started_mounts = mounts }
  before = version;
  if
  :: before % 2 == 1 -> goto ask
  :: else
  fi;
  atomic { there = valid; got_file = entry_file };
  got_mounts = entry_mounts;
  if
  :: !there -> goto ask
  :: else
  fi;
  if
  :: LEAVE_OUT != NO_TURN ->
    atomic {
      if
      :: turn != IDLE -> goto ask
      :: else -> turn = self
      fi
    }
  :: else
  fi;
  quiet = (queue == 0) || LEAVE_OUT == NO_QUEUE;
  atomic {  /* one poll of the mounts */
    if
    :: sign_clients -> sign_clients = false; there = false
    :: else
    fi
  }
  if
  :: !there ->
    if
    :: LEAVE_OUT == NO_PASSING_ON -> turn = IDLE
    :: else -> turn = CHANGED
    fi;
    goto ask
  :: else
  fi;
  if
  :: LEAVE_OUT != NO_TURN ->
    atomic {
      if
      :: turn != self -> goto ask
      :: else -> turn = IDLE
      fi
    }
  :: else
  fi;
  if
  :: !quiet -> goto ask
  :: else
  fi;
  if
  :: LEAVE_OUT != NO_SECOND_LOOK && version != before -> goto ask
  :: else
  fi;
  assert(got_file >= started_file);
  assert(got_mounts >= started_mounts);
ask:
  skip
}

init {
  atomic {
    run Writer();
    run Mounter();
    run Engine();
    run Client(1);
    run Client(2)
  }
}
