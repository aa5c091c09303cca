using FaissNet.Fuzz;

try
{
    return args switch
    {
        [Worker.Command, .. var assignment] => Worker.Run(assignment),
        [Corpus.Command, var folder, var engine, var only] => Corpus.Write(folder, engine == "managed", only),
        _ => Campaign.Run(FuzzOptions.Parse(args)),
    };
}
catch (Exception e) when (e is ArgumentException or IOException or DllNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return e is ArgumentException ? 2 : 1;
}
