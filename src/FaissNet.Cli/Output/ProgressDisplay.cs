using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FaissNet.Cli.Output;

/// <summary>
/// Shows how far long work is, on stderr: bars where that is a terminal, otherwise a line per stage, and a few more in long ones.
/// </summary>
internal abstract class ProgressDisplay : IProgress<IndexProgress>
{
    private static bool _live;

    /// <summary>Runs work that reports. The display is complete when this returns.</summary>
    public static T Run<T>(Func<ProgressDisplay, T> work)
    {
        if (Console.IsErrorRedirected || !Terminal.Error.Profile.Capabilities.Ansi)
        {
            var lines = new Lines();
            var result = work(lines);
            lines.Finish();
            return result;
        }

        _live = true;
        try
        {
            return Bars.Run(work);
        }
        finally
        {
            Terminal.Error.WriteLine();
            _live = false;
        }
    }

    /// <summary>For an end that passes no finally.</summary>
    public static void RestoreCursor()
    {
        if (_live)
            Console.Error.Write("\e[?25h\n");
    }

    /// <summary>A stage begins whose length nobody knows yet.</summary>
    public void Begin(string stage) => Begin(stage, isPlaceholder: false);

    /// <summary>A stage begins. The first report of any stage takes the place of a placeholder.</summary>
    protected abstract void Begin(string stage, bool isPlaceholder);

    /// <summary>A stage is so far. A stage not seen before ends the one before it. The detail changes within the stage.</summary>
    public abstract void Report(string stage, long completed, long total, string unit, string detail = "");

    public void Report(IndexProgress value)
    {
        var (stage, unit) = value.Stage switch
        {
            IndexStage.Sampling => ("Reading sample", "vectors"),
            IndexStage.TrainingTransform => ("Training rotation", "iterations"),
            IndexStage.TrainingCoarse => ("Training centroids", "iterations"),
            IndexStage.TrainingCodes => ("Training codebooks", "iterations"),
            IndexStage.Adding => ("Adding vectors", "vectors"),
            _ => ("Searching", "queries"),
        };
        Report(stage, value.Completed, value.Total, unit);
        if (value.Stage == IndexStage.Sampling && value.Completed == value.Total)
            Begin("Training", isPlaceholder: true);
    }

    /// <summary>The same for what counts in other units.</summary>
    public IProgress<IndexProgress> As(string stage, string unit) => new Renamed(this, stage, unit);

    private sealed class Renamed(ProgressDisplay display, string stage, string unit) : IProgress<IndexProgress>
    {
        public void Report(IndexProgress value) => display.Report(stage, value.Completed, value.Total, unit);
    }

    private sealed class Lines : ProgressDisplay
    {
        private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(10);
        private static readonly TimeSpan LastInterval = TimeSpan.FromMinutes(2);

        private string _stage = "";
        private string _unit = "";
        private bool _isPlaceholder;
        private long _completed;
        private long _started;
        private long _shown;
        private TimeSpan _interval;

        protected override void Begin(string stage, bool isPlaceholder)
        {
            Finish();
            (_stage, _isPlaceholder, _unit, _completed) = (stage, isPlaceholder, "", 0);
            _started = _shown = Stopwatch.GetTimestamp();
            _interval = FirstInterval;
        }

        public override void Report(string stage, long completed, long total, string unit, string detail)
        {
            if (_stage != stage && !_isPlaceholder)
                Begin(stage, isPlaceholder: false);

            (_stage, _isPlaceholder) = (stage, false);
            (_unit, _completed) = (unit, completed);
            if (completed < total && Stopwatch.GetElapsedTime(_shown) >= _interval)
            {
                _shown = Stopwatch.GetTimestamp();
                // Hours of work are not to fill a log.
                _interval = _interval * 1.5 < LastInterval ? _interval * 1.5 : LastInterval;
                var (rate, left) = Estimate(completed, total, Stopwatch.GetElapsedTime(_started));
                Console.Error.WriteLine(
                    $"{stage}: {Format.Count(completed)} of {Format.Count(total)} {unit} ({100 * completed / total} %), {rate}, {left} left");
            }
        }

        public void Finish()
        {
            if (_stage.Length > 0)
            {
                var done = _unit.Length == 0 ? "done" : $"{Format.Count(_completed)} {_unit}";
                Console.Error.WriteLine($"{_stage}: {done} in {Format.Duration(Stopwatch.GetElapsedTime(_started).TotalSeconds)}");
            }

            _stage = "";
        }
    }

    private sealed class Bars(ProgressContext context, int nameWidth) : ProgressDisplay
    {
        private ProgressTask? _task;
        private string _stage = "";
        private bool _isPlaceholder;

        public static new T Run<T>(Func<ProgressDisplay, T> work)
        {
            const int NameWidth = 20;
            const int RateWidth = 18;
            const int TimeWidth = 15;
            const int OtherColumns = NameWidth + RateWidth + TimeWidth + 4 + 8;
            var bar = Math.Clamp(Terminal.Error.Profile.Width - OtherColumns, 10, 40);
            return Terminal.Error.Progress()
                .AutoRefresh(true)
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn { Width = bar },
                    new ShareColumn(),
                    new RateColumn(RateWidth),
                    new TimeColumn(TimeWidth))
                .Start(context =>
                {
                    var bars = new Bars(context, NameWidth);
                    var result = work(bars);
                    bars.Finish();
                    return result;
                });
        }

        protected override void Begin(string stage, bool isPlaceholder)
        {
            Finish();
            _task = context.AddTask(Padded(stage)).IsIndeterminate();
            (_stage, _isPlaceholder) = (stage, isPlaceholder);
        }

        public override void Report(string stage, long completed, long total, string unit, string detail)
        {
            if (_task is null || (_stage != stage && !_isPlaceholder))
                Begin(stage, isPlaceholder: false);

            (_stage, _isPlaceholder) = (stage, false);
            _task!.IsIndeterminate = false;
            _task.Description = Padded(stage + detail);
            _task.MaxValue = total;
            _task.State.Update<RateUnit>(RateColumn.State, _ => unit switch
            {
                "iterations" => RateUnit.Iterations,
                "settings" => RateUnit.None,
                _ => RateUnit.Plain,
            });
            _task.Value = completed;
        }

        // k-means may stop before its last iteration, and what had no length is at its end now.
        private void Finish()
        {
            if (_task is null)
                return;

            _task.IsIndeterminate = false;
            _task.Value = _task.MaxValue;
            _task.StopTask();
            _task = null;
        }

        private string Padded(string stage) => stage.PadRight(nameWidth).EscapeMarkup();
    }

    private enum RateUnit
    {
        None,
        Plain,
        Iterations,
    }

    // Nothing where nobody knows how much there is.
    private sealed class ShareColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override int? GetColumnWidth(RenderOptions options) => 4;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            task.IsIndeterminate ? Text.Empty : new Text($"{(int)task.Percentage}%").RightJustified();
    }

    private sealed class RateColumn(int width) : ProgressColumn
    {
        public const string State = "rate";

        protected override bool NoWrap => true;

        public override int? GetColumnWidth(RenderOptions options) => width;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var unit = task.State.Get<RateUnit>(State);
            if (unit == RateUnit.None || task.ElapsedTime is not { TotalSeconds: > 0 } elapsed || task.Value == 0)
                return Text.Empty;

            var rate = Format.Rate(task.Value / elapsed.TotalSeconds);
            return new Text(unit == RateUnit.Iterations ? rate.Replace("/s", " iter/s", StringComparison.Ordinal) : rate).RightJustified();
        }
    }

    private sealed class TimeColumn(int width) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override int? GetColumnWidth(RenderOptions options) => width;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            if (task.ElapsedTime is not { } elapsed)
                return Text.Empty;

            var text = task.IsFinished ? Format.Duration(elapsed.TotalSeconds)
                : task.IsIndeterminate || task.Value == 0 ? $"{Format.Duration(elapsed.TotalSeconds)}  …"
                : $"{Estimate((long)task.Value, (long)task.MaxValue, elapsed).Left} left";
            return new Text(text).RightJustified();
        }
    }

    private static (string Rate, string Left) Estimate(long completed, long total, TimeSpan elapsed)
    {
        var perSecond = completed / Math.Max(elapsed.TotalSeconds, 1e-9);
        return (Format.Rate(perSecond), perSecond > 0 ? Format.Duration((total - completed) / perSecond) : "…");
    }
}
