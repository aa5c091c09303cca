namespace FaissNet.Tests.Concurrency;

public sealed class ReaderWriterGateTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ReaderWriterGate _gate = new();

    [Fact]
    public void Readers_share()
    {
        _gate.EnterRead();
        _gate.EnterRead();
        Assert.True(Start(() => _gate.EnterRead()).Join(Patience));
        _gate.ExitRead();
        _gate.ExitRead();
        _gate.ExitRead();

        _gate.EnterWrite();
        _gate.ExitWrite();
    }

    [Fact]
    public void A_writer_waits_for_every_reader()
    {
        _gate.EnterRead();
        _gate.EnterRead();
        var writer = Start(_gate.EnterWrite);
        AssertWaits(writer);
        _gate.ExitRead();
        AssertWaits(writer);

        _gate.ExitRead();

        Assert.True(writer.Join(Patience));
    }

    [Fact]
    public void Readers_and_writers_wait_for_a_writer()
    {
        _gate.EnterWrite();
        var reader = Start(_gate.EnterRead);
        var writer = Start(() =>
        {
            _gate.EnterWrite();
            _gate.ExitWrite();
        });
        AssertWaits(reader);
        AssertWaits(writer);

        _gate.ExitWrite();

        Assert.True(reader.Join(Patience));
        _gate.ExitRead();
        Assert.True(writer.Join(Patience));
    }

    [Fact]
    public void New_readers_cannot_starve_a_writer()
    {
        _gate.EnterRead();
        var writer = Start(_gate.EnterWrite);
        AssertWaits(writer);
        var late = Start(_gate.EnterRead);
        AssertWaits(late);

        _gate.ExitRead();

        // The reader that came after the writer does not get in before it.
        Assert.True(writer.Join(Patience));
        AssertWaits(late);
    }

    [Fact]
    public void New_writers_cannot_starve_a_reader()
    {
        var order = new List<string>();
        _gate.EnterWrite();
        var reader = Start(() =>
        {
            _gate.EnterRead();
            lock (order)
                order.Add("reader");

            _gate.ExitRead();
        });
        AssertWaits(reader);
        var writer = Start(() =>
        {
            _gate.EnterWrite();
            lock (order)
                order.Add("writer");

            _gate.ExitWrite();
        });
        AssertWaits(writer);

        _gate.ExitWrite();

        Assert.True(reader.Join(Patience) && writer.Join(Patience));
        Assert.Equal(["reader", "writer"], order);
    }

    [Fact]
    public void A_writer_that_never_pauses_lets_each_waiting_reader_in_at_its_next_turn()
    {
        var (stop, turns) = (false, 0L);
        var writer = Start(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                _gate.EnterWrite();
                Thread.Sleep(1);
                Interlocked.Increment(ref turns);
                _gate.ExitWrite();
            }
        });

        for (var i = 0; i < 50; i++)
        {
            var before = Interlocked.Read(ref turns);
            _gate.EnterRead();
            var waited = Interlocked.Read(ref turns) - before;
            _gate.ExitRead();
            Assert.InRange(waited, 0, 2);
        }

        Volatile.Write(ref stop, true);
        Assert.True(writer.Join(Patience));
    }

    [Fact]
    public void Entering_again_from_within_a_write_throws_where_it_would_wait_for_itself()
    {
        var refused = 0;
        var thread = Start(() =>
        {
            _gate.EnterWrite();
            foreach (var enter in new[] { _gate.EnterRead, _gate.EnterWrite })
            {
                try
                {
                    enter();
                }
                catch (InvalidOperationException)
                {
                    refused++;
                }
            }

            _gate.ExitWrite();
        });

        Assert.True(thread.Join(Patience), "it waits for itself");
        Assert.Equal(2, refused);
        _gate.EnterRead();
        _gate.ExitRead();
    }

    [Fact]
    public void A_writer_that_does_not_wait_enters_only_what_is_empty()
    {
        Assert.True(_gate.TryEnterWrite());
        // Neither again from within, nor from elsewhere.
        Assert.False(_gate.TryEnterWrite());
        var fromElsewhere = true;
        Assert.True(Start(() => fromElsewhere = _gate.TryEnterWrite()).Join(Patience));
        Assert.False(fromElsewhere);
        _gate.ExitWrite();

        _gate.EnterRead();
        Assert.False(_gate.TryEnterWrite());
        Assert.True(Start(() => fromElsewhere = _gate.TryEnterWrite()).Join(Patience));
        Assert.False(fromElsewhere);
        _gate.ExitRead();

        // What it could not enter it left as it was.
        _gate.EnterRead();
        _gate.ExitRead();
        Assert.True(_gate.TryEnterWrite());
        var reader = Start(_gate.EnterRead);
        AssertWaits(reader);
        _gate.ExitWrite();
        Assert.True(reader.Join(Patience));
    }

    [Fact]
    public void Under_load_writers_are_alone_and_nobody_is_lost()
    {
        const int threads = 8, rounds = 20_000;
        int readers = 0, writers = 0, plain = 0, broken = 0, writes = 0;
        var all = Enumerable.Range(0, threads).Select(t => Start(() =>
        {
            var random = new Random(t);
            for (var i = 0; i < rounds; i++)
            {
                if (random.Next(10) == 0)
                {
                    _gate.EnterWrite();
                    if (Interlocked.Increment(ref writers) != 1 || Volatile.Read(ref readers) != 0)
                        Interlocked.Increment(ref broken);

                    // Not atomic: a second writer would lose a count.
                    plain++;
                    Interlocked.Increment(ref writes);
                    Interlocked.Decrement(ref writers);
                    _gate.ExitWrite();
                }
                else
                {
                    _gate.EnterRead();
                    Interlocked.Increment(ref readers);
                    if (Volatile.Read(ref writers) != 0)
                        Interlocked.Increment(ref broken);

                    Interlocked.Decrement(ref readers);
                    _gate.ExitRead();
                }
            }
        })).ToArray();

        foreach (var thread in all)
            Assert.True(thread.Join(Patience), "a thread still waits");

        Assert.Equal(0, broken);
        Assert.Equal(writes, plain);
    }

    private static Thread Start(Action body)
    {
        var thread = new Thread(() => body()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    // Waiting is a state that a thread reaches; only that it stays there takes some time to see.
    private static void AssertWaits(Thread thread)
    {
        Assert.True(SpinWait.SpinUntil(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience), "the thread does not wait");
        Assert.False(thread.Join(30));
    }
}
