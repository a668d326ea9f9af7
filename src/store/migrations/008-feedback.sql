-- What people think of an answer: one word of each person about a turn, the last one.

create table feedback (
  turn    text not null references turns (id) on delete cascade,
  surface text not null,
  -- The surface's own id of whoever said it.
  person  text not null,
  value   text not null check (value in ('good', 'bad')),
  reason  text,
  -- When it was said, by the surface's clock: what is delivered late must not win.
  at      timestamptz not null,
  primary key (turn, surface, person)
);

-- The surface's name of the answer, so that a reaction to it is known as one.
alter table turns add column answer_ref text;
create index turns_by_answer on turns (answer_ref) where answer_ref is not null;
